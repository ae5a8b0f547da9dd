"""Waits for the trace of a request that meshctl made itself: as long as it has to, and no longer."""

from __future__ import annotations

from meshctl.model.traces import Span, Trace
from meshctl.ports.telemetry import TraceReader

#: Seconds after the request in which a first span of the service may come.
FIRST_S = 1.5
#: Seconds in which all of a trace may come once it has begun to.
SETTLE_S = 10.0
#: Seconds without another span after which a trace that lacks nothing has settled.
QUIET_S = 0.3


def settled_trace(reader: TraceReader, ours: Span, first_s: float = FIRST_S) -> Trace | None:
    """The trace of ``ours``, which has been sent: settled, or as it is when the time is over. None: nothing is known.

    Blocks. ``is_answered`` tells whether somebody else has sent a span. Raises CollectorUnavailable.
    """
    trace = reader.trace(ours.trace_id, settle_s=first_s, quiet_s=QUIET_S, root_id=ours.span_id)
    if trace is None or trace.settled or not is_answered(trace, ours):
        return trace
    rest_s = SETTLE_S - first_s
    return reader.trace(ours.trace_id, settle_s=rest_s, quiet_s=QUIET_S, root_id=ours.span_id) or trace


def is_answered(trace: Trace | None, ours: Span) -> bool:
    """Whether the trace has a span that our request has caused."""
    return trace is not None and any(span.parent_id == ours.span_id for span in trace.spans)
