"""One trace as it is known now: read and laid out off the screen's thread, again when it has grown."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.view import WaterfallView
from meshctl.engine.session import Traces
from meshctl.errors import MeshError
from meshctl.model.traces import Trace, TraceSummary
from meshctl.model.waterfall import Waterfall
from meshctl.present.span_tabs import TraceLogs
from meshctl.threads import run_in_thread

#: A trace that grows is read again at most this often.
READ_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look brought. ``view`` None: unknown, or ``error`` says why it could not be read."""

    trace: Trace | None = None
    view: WaterfallView | None = None
    error: MeshError | None = None

    @property
    def waterfall(self) -> Waterfall | None:
        return self.view.waterfall if self.view is not None else None


class LiveTrace:
    """``take`` is given what every look brought; ``drawn`` returns once that is seen."""

    def __init__(
        self, traces: Traces, trace_id: str, take: Callable[[Reading], None], drawn: Callable[[], Awaitable[None]]
    ) -> None:
        self.trace_id = trace_id
        self.reading: Reading | None = None
        self.logs = TraceLogs()
        self._traces = traces
        self._take, self._drawn = take, drawn
        self._known: TraceSummary | None = None
        self._read_revision = -1
        self._stirred = asyncio.Event()

    @property
    def summary(self) -> TraceSummary | None:
        """What the list tells of it, or would tell if it still held it."""
        reading = self.reading
        if self._known is None and reading is not None and reading.trace is not None and reading.view is not None:
            return _summary_of(reading.trace, reading.view.waterfall)
        return self._known

    def listed(self, rows: Sequence[TraceSummary]) -> None:
        """The list as it is now: what has changed since it was read, or could not be read, is read again."""
        self._known = next((row for row in rows if row.trace_id == self.trace_id), None)
        failed = self.reading is not None and self.reading.error is not None
        if self._revision != self._read_revision or failed:
            self._stirred.set()

    async def follow(self) -> None:
        """Read now and after every change, not more often than is bearable."""
        while True:
            self._stirred.clear()
            self._read_revision, began = self._revision, monotonic()
            with NO_SEARCH:
                self._learn(await read_waterfall(self._traces, self.trace_id))
                await self._drawn()
            await asyncio.sleep(max(0.0, began + READ_EVERY_S - monotonic()))
            await self._stirred.wait()

    async def read_logs(self) -> None:
        """The log lines that carry its id, or why they cannot be had."""
        self.logs = TraceLogs(reading=True)
        w = self.reading.waterfall if self.reading is not None else None
        try:
            lines = await self._traces.logs(self.trace_id, w.start_ns if w is not None else 0)
        except MeshError as error:
            self.logs = TraceLogs(trouble=str(error))
        else:
            self.logs = TraceLogs(lines=lines)

    def forget(self) -> None:
        """A large trace is let go of at once, not when unreachable objects are searched for."""
        self.reading = None

    @property
    def _revision(self) -> int:
        return self._known.revision if self._known is not None else -1

    def _learn(self, reading: Reading) -> None:
        """What was read before is better than nothing; the link to the collector tells that it is old."""
        if reading.view is not None or self.reading is None or self.reading.view is None:
            self.reading = reading
            self._take(reading)


async def read_waterfall(traces: Traces, trace_id: str) -> Reading:
    """Never raises for a collector that is away."""
    try:
        trace = await traces.read(trace_id)
    except MeshError as error:
        return Reading(error=error)
    if trace is None:
        return Reading()
    return Reading(trace, await run_in_thread(lambda: WaterfallView(waterfall(trace))))


class _Pause:
    """Python's search for unreachable objects rests while a trace is read and laid out.

    That makes many objects, none of them garbage; to search them again and again takes as long as the work itself.
    """

    def __init__(self) -> None:
        self._inside = 0

    def __enter__(self) -> None:
        self._inside += 1
        gc.disable()

    def __exit__(self, *exc: object) -> None:
        self._inside -= 1
        if not self._inside:
            gc.enable()


NO_SEARCH = _Pause()


def _summary_of(trace: Trace, w: Waterfall) -> TraceSummary:
    """What the list would say of a trace that it does not hold any more."""
    first = w.rows[0].span if w.rows else None
    return TraceSummary(
        trace.trace_id,
        first.service if first is not None else "",
        first.name if first is not None else "",
        w.start_ns,
        w.root_ns,
        len(trace.spans),
        w.errors,
        w.services,
        pinned=trace.pinned,
        truncated=trace.truncated,
    )
