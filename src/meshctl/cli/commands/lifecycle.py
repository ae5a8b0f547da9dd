"""``start``, ``stop``, ``restart``, ``pause``, ``unpause`` and ``scale``."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from meshctl.cli.context import World, output_of, with_session
from meshctl.cli.diagnostics import Exit
from meshctl.cli.progress import progress

if TYPE_CHECKING:
    from meshctl.engine.session import MeshSession
    from meshctl.model.status import ServiceStatus
    from meshctl.ports.world import ProgressSink


def run(options: argparse.Namespace, world: World) -> int:
    """Do it, then show how these services are."""
    with progress(options) as sink:
        services = with_session(options, world, lambda session: _carry_out(session, options, sink))
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.services import services_to_data

        out.data(services_to_data(services, time.time()))
    else:
        from meshctl.present.services_table import services_table

        out.lines(services_table(services, now=time.time()))
    return Exit.DONE


async def _carry_out(
    session: MeshSession, options: argparse.Namespace, sink: ProgressSink
) -> tuple[ServiceStatus, ...]:
    lifecycle = session.lifecycle
    if options.command == "scale":
        counts = dict(options.replicas)
        await lifecycle.scale(counts, sink, options.timeout)
        return (await session.survey(tuple(counts))).services
    verbs = {
        "start": lifecycle.start,
        "stop": lifecycle.stop,
        "restart": lifecycle.restart,
        "pause": lifecycle.pause,
        "unpause": lifecycle.unpause,
    }
    await verbs[options.command](options.services, sink, options.timeout)
    return (await session.survey(options.services)).services
