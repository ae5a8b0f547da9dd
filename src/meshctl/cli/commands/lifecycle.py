"""``start``, ``stop``, ``restart``, ``pause``, ``unpause`` and ``scale``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from meshctl.cli.context import World, output_of, with_mesh
from meshctl.cli.diagnostics import Exit
from meshctl.cli.progress import progress
from meshctl.engine import lifecycle
from meshctl.engine.project_status import project_status
from meshctl.present.services_table import services_data, services_table

if TYPE_CHECKING:
    from meshctl.engine.mesh import Mesh
    from meshctl.model.status import ServiceStatus
    from meshctl.ports.world import ProgressSink

_VERBS = {
    "start": lifecycle.start,
    "stop": lifecycle.stop,
    "restart": lifecycle.restart,
    "pause": lifecycle.pause,
    "unpause": lifecycle.unpause,
}


def run(options: argparse.Namespace, world: World) -> int:
    """Do it, then show how these services are."""
    with progress(options) as sink:
        services = with_mesh(options, world, lambda mesh: _carry_out(mesh, options, sink))
    out = output_of(options)
    if options.json:
        out.data(services_data(services))
    else:
        out.lines(services_table(services))
    return Exit.DONE


async def _carry_out(mesh: Mesh, options: argparse.Namespace, sink: ProgressSink) -> tuple[ServiceStatus, ...]:
    if options.command == "scale":
        counts = dict(options.replicas)
        await lifecycle.scale(mesh, counts, sink, options.timeout)
        return await project_status(mesh, tuple(counts))
    await _VERBS[options.command](mesh, options.services, sink, options.timeout)
    return await project_status(mesh, options.services)
