"""``start``, ``stop``, ``restart``, ``pause``, ``unpause`` and ``scale``."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from meshctl.cli import diagnostics
from meshctl.cli.arguments import counts
from meshctl.cli.context import World, in_session, known_config, output_of, whole_config
from meshctl.cli.diagnostics import Exit
from meshctl.cli.progress import progress
from meshctl.core.text import counted
from meshctl.errors import UsageError

if TYPE_CHECKING:
    from meshctl.engine.session import MeshSession
    from meshctl.model.config import MeshConfig
    from meshctl.model.status import ServiceStatus
    from meshctl.ports.world import ProgressSink


#: Verbs that take something away from whoever uses the stack: said of no service, they mean all only when asked.
_ASK = ("stop", "restart", "pause")


def run(options: argparse.Namespace, world: World) -> int:
    """Do it, then show how these services are; exit 1 when a person was asked and said no."""
    asks = options.command in _ASK and not _says_which(options)
    config = whole_config(options) if options.command == "scale" else known_config(options, world)
    if asks and not _all_are_meant(options.command, config, world):
        diagnostics.note(f"{options.command}: nothing was done")
        return Exit.BAD
    with progress(options) as sink:
        services = in_session(config, world, lambda session: _carry_out(session, options, sink))
    out = output_of(options)
    if options.json:
        from meshctl.present.documents.services import services_to_data

        out.data(services_to_data(services, time.time()))
    else:
        from meshctl.present.services_table import services_table

        out.lines(services_table(services, now=time.time()))
    return Exit.DONE


def _says_which(options: argparse.Namespace) -> bool:
    """Services, or all of them. Raises UsageError where neither is said and nobody can be asked."""
    verb = options.command
    if options.all and options.services:
        hint = f"meshctl {verb} {' '.join(options.services)}, or meshctl {verb} --all"
        raise UsageError(f"{verb} --all means all services, and some are named", hint=hint)
    if options.all or options.services:
        return True
    if options.quiet or options.json or not diagnostics.can_ask():
        raise UsageError(f"{verb} without a service means all of them", hint=f"Name some, or meshctl {verb} --all")
    return False


def _all_are_meant(verb: str, config: MeshConfig, world: World) -> bool:
    """A person's answer; where nothing is, nothing is asked."""
    survey = in_session(config, world, lambda session: session.survey(probe=False))
    there = sum(bool(status.instances) for status in survey.services)
    return not there or diagnostics.ask(f"{verb.capitalize()} {counted(there, 'service')}?")


async def _carry_out(
    session: MeshSession, options: argparse.Namespace, sink: ProgressSink
) -> tuple[ServiceStatus, ...]:
    lifecycle = session.lifecycle
    if options.command == "scale":
        numbers = counts(options.replicas)
        report = await lifecycle.scale(numbers, sink, options.timeout, share_volumes=options.share_volumes)
        statuses = report.survey.services if report.survey is not None else ()
        return tuple(status for status in statuses if status.service in numbers)
    verbs = {"stop": lifecycle.stop, "pause": lifecycle.pause, "unpause": lifecycle.unpause}
    if verb := verbs.get(options.command):
        await verb(options.services, sink, options.timeout)
        return (await session.survey(options.services)).services
    until_ready = {"start": lifecycle.start, "restart": lifecycle.restart}
    return (await until_ready[options.command](options.services, sink, options.timeout)).services
