"""Waits until a trace has settled: its root has ended, nothing is missing, and it has been quiet for a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from meshctl.collector.query_context import QueryContext


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long to wait at most, and how long nothing may have come. ``root_id``: whose trace it is, or ''."""

    settle_s: float
    quiet_s: float
    root_id: str = ""


async def settled(desk: QueryContext, trace_id: str, patience: Patience) -> tuple[bool, str]:
    """Whether it has settled, and what it waits for ('' when nothing, or when nothing is known of it).

    Looks after each time of quiet, never between, and wakes only for changes of this very trace.
    """
    loop = asyncio.get_running_loop()
    if not patience.settle_s:
        is_quiet = desk.hub.changed_at(trace_id) + patience.quiet_s <= loop.time()
        known, waits = await desk.run_in_thread(lambda: _look(desk, trace_id, patience.root_id))
        return known and not waits and is_quiet, waits
    deadline = loop.time() + patience.settle_s
    with desk.hub.waiting_for(trace_id) as changed:
        while True:
            changed.clear()
            quiet_at = desk.hub.changed_at(trace_id) + patience.quiet_s
            is_quiet = quiet_at <= loop.time()
            is_last = loop.time() >= deadline or desk.hub.closing.is_set()
            waits = ""
            if is_quiet or is_last:
                known, waits = await desk.run_in_thread(lambda: _look(desk, trace_id, patience.root_id))
                if (known and not waits and is_quiet and not changed.is_set()) or is_last:
                    return known and not waits and is_quiet, waits
            await _until(changed, deadline if is_quiet else min(quiet_at, deadline))


def _look(desk: QueryContext, trace_id: str, root_id: str) -> tuple[bool, str]:
    if desk.memory.summary(trace_id) is None:
        return False, ""
    return True, desk.memory.waits_for(trace_id, root_id)


async def _until(changed: asyncio.Event, moment: float) -> None:
    try:
        async with asyncio.timeout_at(moment):
            await changed.wait()
    except TimeoutError:
        return
