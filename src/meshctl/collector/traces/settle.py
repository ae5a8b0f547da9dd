"""Waits until a trace has settled: it lacks nothing (``core.traces.settle`` decides) and has been quiet for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from meshctl.collector.traces.changes import TooManySubscribers
from meshctl.collector.traces.memory import TraceMemory

#: Requests that wait for a trace at once.
MAX_WAITERS = 64

#: Whether it has settled, and what it waits for.
Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class SettleOptions:
    """Seconds to wait at most, and seconds in which nothing may have come. ``root_id``: whose trace it is, or ''."""

    timeout_s: float
    quiet_s: float
    root_id: str = ""


class SettleWatch:
    """Knows when each trace last changed, and wakes who waits for one. Belongs to the event loop that made it.

    ``run(work)`` does what takes long elsewhere: the decision decodes the trace.
    """

    def __init__(self, memory: TraceMemory, run: Callable[[Callable[[], Verdict]], Awaitable[Verdict]]) -> None:
        self._memory = memory
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._changed_at: dict[str, float] = {}
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._waiting = 0
        self._closing = False
        self._unlisten = memory.listen(self._note)

    async def settled(self, trace_id: str, options: SettleOptions) -> Verdict:
        """Whether it has settled, and what it waits for ('' when nothing, or when nothing is known of it).

        Looks after each time of quiet, never between, and wakes only for changes of this very trace. Raises
        TooManySubscribers.
        """
        if not options.timeout_s:
            return await self._look(trace_id, options)
        loop = self._loop
        deadline = loop.time() + options.timeout_s
        with self._waiter(trace_id) as changed:
            while True:
                changed.clear()
                quiet_at = self._quiet_at(trace_id, options)
                is_quiet = quiet_at <= loop.time()
                is_last = loop.time() >= deadline or self._closing
                if is_quiet or is_last:
                    settled, waits_for = await self._look(trace_id, options)
                    if (settled and not changed.is_set()) or is_last:
                        return settled, waits_for
                await _set_until(changed, deadline if is_quiet else min(quiet_at, deadline))

    def close(self) -> None:
        """Wake every waiting request; it looks for a last time."""
        self._unlisten()
        self._closing = True
        for waiters in self._waiters.values():
            for changed in waiters:
                changed.set()

    async def _look(self, trace_id: str, options: SettleOptions) -> Verdict:
        is_quiet = self._quiet_at(trace_id, options) <= self._loop.time()
        known, waits_for = await self._run(lambda: self._decide(trace_id, options.root_id))
        return known and not waits_for and is_quiet, waits_for

    def _decide(self, trace_id: str, root_id: str) -> Verdict:
        if self._memory.summary(trace_id) is None:
            return False, ""
        return True, self._memory.waits_for(trace_id, root_id)

    def _quiet_at(self, trace_id: str, options: SettleOptions) -> float:
        """When it will have been quiet for long enough; long ago when it has not changed since the start."""
        return self._changed_at.get(trace_id, float("-inf")) + options.quiet_s

    @contextmanager
    def _waiter(self, trace_id: str) -> Iterator[asyncio.Event]:
        """An event that every change of one trace sets, and the end of the collector too."""
        if self._waiting >= MAX_WAITERS:
            raise TooManySubscribers
        changed = asyncio.Event()
        self._waiting += 1
        self._waiters.setdefault(trace_id, set()).add(changed)
        try:
            yield changed
        finally:
            self._waiting -= 1
            waiters = self._waiters[trace_id]
            waiters.discard(changed)
            if not waiters:
                del self._waiters[trace_id]

    def _note(self, changed: Sequence[str], removed: Sequence[str]) -> None:
        for trace_id in removed:
            self._changed_at.pop(trace_id, None)
        self._changed_at.update(dict.fromkeys(changed, self._loop.time()))
        if self._waiters:
            for trace_id in (*removed, *changed):
                for waiter in self._waiters.get(trace_id, ()):
                    waiter.set()


async def _set_until(event: asyncio.Event, moment: float) -> None:
    try:
        async with asyncio.timeout_at(moment):
            await event.wait()
    except TimeoutError:
        return
