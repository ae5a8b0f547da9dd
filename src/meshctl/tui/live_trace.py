"""One trace as it is known now: read and laid out off the screen's thread, again when it has grown."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.view import WaterfallView
from meshctl.engine.session import Traces
from meshctl.errors import MeshError
from meshctl.model.traces import Trace, TraceSummary
from meshctl.model.waterfall import Waterfall


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look brought. ``view`` None: unknown, or ``error`` says why it could not be read."""

    trace: Trace | None = None
    view: WaterfallView | None = None
    error: MeshError | None = None

    @property
    def waterfall(self) -> Waterfall | None:
        return self.view.waterfall if self.view is not None else None


async def read_waterfall(traces: Traces, trace_id: str) -> Reading:
    """Never raises for a collector that is away."""
    try:
        trace = await traces.read(trace_id)
    except MeshError as error:
        return Reading(error=error)
    if trace is None:
        return Reading()
    return Reading(trace, await asyncio.to_thread(lambda: WaterfallView(waterfall(trace))))


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


def summary_of(trace: Trace, w: Waterfall) -> TraceSummary:
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
