"""``meshctl logs``."""

from __future__ import annotations

import argparse
import asyncio
import os
import stat
import sys
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from meshctl.cli import diagnostics
from meshctl.cli.context import World, output_of, with_session
from meshctl.cli.diagnostics import Exit
from meshctl.errors import UsageError
from meshctl.present.documents.logs import line_to_data
from meshctl.present.lines import Segment, service_tone
from meshctl.present.text import cell_len, pad

if TYPE_CHECKING:
    from meshctl.engine.session import MeshSession
    from meshctl.model.containers import LogLine


def run(options: argparse.Namespace, world: World) -> int:
    """Print lines as ``instance | text``; with ``--json`` one object a line."""
    if options.tail == 0 and not options.follow:
        raise UsageError("--tail 0 shows nothing without --follow", hint="meshctl logs -f --tail 0: only what comes")
    out = output_of(options)
    since = time.time() - options.since if options.since is not None else None

    async def work(session: MeshSession) -> None:
        trace, shown = await _trace_id(options.trace, session), 0
        width = max((cell_len(name) for name in options.services or session.config.services), default=0) + 2
        lines = session.logs.stream(
            tuple(options.services),
            follow=options.follow,
            since=since,
            tail=options.tail,
            grep=options.grep,
            trace=trace,
            absent=lambda: _tell_absent(options, session.config.name),
        )
        async for line in lines:
            shown += 1
            if options.json:
                out.data(line_to_data(line), compact=True)
                if options.follow:
                    out.flush()
            else:
                out.log(_label(line, width), line.text)
        if trace and not shown and not options.quiet:
            diagnostics.note(f"note: no line carries the trace {trace}")

    with_session(options, world, (lambda session: _while_read(work(session))) if options.follow else work)
    return Exit.DONE


async def _trace_id(word: str | None, session: MeshSession) -> str | None:
    """What the lines have to carry: an id or its beginning as it stands. Raises UsageError for what cannot be one."""
    if word is None:
        return None
    from meshctl.engine.traces import NEWEST, trace_word

    meant = trace_word(word)
    return await session.traces.find_id(meant) if meant in NEWEST else meant


def _tell_absent(options: argparse.Namespace, project: str) -> None:
    """Why nothing comes, and what would change it."""
    if options.quiet:
        return
    names = list(options.services)
    who = f"{' and '.join(names)} of {project} {'has' if len(names) == 1 else 'have'}" if names else f"{project} has"
    waits = "waiting for the first; " if options.follow else ""
    diagnostics.note(f"note: {who} no containers; {waits}they come with: {' '.join(['meshctl up', *names])}")


async def _while_read(work: Coroutine[Any, Any, None]) -> None:
    """Follow until it ends, or until the reader of a pipe leaves: without a line to write, no write would tell."""
    loop, working = asyncio.get_running_loop(), asyncio.ensure_future(work)
    piped = _is_pipe()
    left = asyncio.Event()

    def leave() -> None:
        loop.remove_reader(sys.stdout)
        left.set()
        working.cancel()

    if piped:
        loop.add_reader(sys.stdout, leave)
    try:
        await working
    except asyncio.CancelledError:
        if not left.is_set():
            raise
    finally:
        working.cancel()
        if piped:
            loop.remove_reader(sys.stdout)


def _is_pipe() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _label(line: LogLine, width: int) -> Segment:
    instance = line.instance_id
    return Segment(f"{pad(instance, max(width, cell_len(instance)))} |", service_tone(line.service))
