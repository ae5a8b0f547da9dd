"""Waits for the trace of a request that meshctl made itself: as long as it has to, and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from meshctl.core.traces.settle import waits_for
from meshctl.model.traces import Span, Trace
from meshctl.ports import TraceReader

#: Seconds after the request in which a first span of the service may come.
FIRST_S = 1.5
#: Seconds in which all of a trace may come once it has begun to.
SETTLE_S = 10.0
#: Seconds without another span after which a trace that lacks nothing has settled.
QUIET_S = 0.3
_STEP_S = 0.1

Now = Callable[[], float]


def settled_trace(reader: TraceReader, ours: Span, first_s: float = FIRST_S, now: Now = time.monotonic) -> Trace | None:
    """The trace of ``ours``, which has been sent: settled, or as it is when the time is over. None: nothing is known.

    Blocks. ``is_answered`` tells whether somebody else has sent a span. Raises CollectorUnavailable.
    """
    if ours.parent_id:
        return _below_a_stranger(reader, ours, first_s, now)
    began, quiet_s = now(), QUIET_S
    while True:
        left_s = max(0.0, first_s - (now() - began))
        trace = reader.trace(ours.trace_id, settle_s=left_s, quiet_s=quiet_s)
        if is_answered(trace, ours):
            break
        quiet_s += _STEP_S  # our span alone is a settled trace: ask for ever longer quiet, until the first has come
        if now() - began >= first_s or quiet_s > first_s:
            return trace
    if trace is None or trace.settled:
        return trace
    left_s = max(0.0, SETTLE_S - (now() - began))
    return reader.trace(ours.trace_id, settle_s=left_s, quiet_s=QUIET_S) or trace


def is_answered(trace: Trace | None, ours: Span) -> bool:
    """Whether the trace has a span that our request has caused."""
    if trace is None:
        return False
    if ours.parent_id:
        return any(span.parent_id == ours.span_id for span in trace.spans)
    return any(span.span_id != ours.span_id for span in trace.spans)


def _below_a_stranger(reader: TraceReader, ours: Span, first_s: float, now: Now) -> Trace | None:
    """The collector waits for the parent that was given with the request, which may never come: we judge ourselves."""
    began = changed = now()
    seen = 0
    while True:
        trace = reader.trace(ours.trace_id, settle_s=_STEP_S, quiet_s=QUIET_S)
        if trace is None or trace.settled:
            return trace
        if len(trace.spans) != seen:
            seen, changed = len(trace.spans), now()
        missing = _missing(trace, ours)
        if is_answered(trace, ours) and not missing and now() - changed >= QUIET_S:
            return replace(trace, settled=True, waits_for="")
        if now() - began >= (SETTLE_S if is_answered(trace, ours) else first_s):
            return replace(trace, waits_for=missing)


def _missing(trace: Trace, ours: Span) -> str:
    tops = (replace(span, parent_id="") if span.parent_id == ours.parent_id else span for span in trace.spans)
    return waits_for(tuple(tops))
