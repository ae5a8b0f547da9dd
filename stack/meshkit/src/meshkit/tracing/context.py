"""Which trace this is: W3C Trace Context and Baggage, in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_trace = TraceContextTextMapPropagator()
_baggage = W3CBaggagePropagator()
FIELDS = frozenset({"traceparent", "tracestate", "baggage"})


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Ids in lower-case hex: 32 digits of trace, 16 of span."""

    trace_id: str
    span_id: str


def current() -> TraceContext | None:
    """The ids of the span that is current, None outside of any trace."""
    found = get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}")


def traced() -> bool:
    """Whether this is part of a trace: work that nobody asked for, such as polling, is not."""
    return get_current_span().get_span_context().is_valid


def headers() -> dict[str, str]:
    """Headers to send with an outgoing call or message; none outside of any trace."""
    carrier: dict[str, str] = {}
    _trace.inject(carrier)
    _baggage.inject(carrier)
    return carrier


def remote(carrier: Mapping[str, str] | None) -> Context:
    """The context that `carrier` (names in lower case) tells of, an empty one if it tells nothing valid."""
    found = Context()
    if not carrier:
        return found
    if "traceparent" in carrier:
        found = _trace.extract(carrier, context=found)
    if "baggage" in carrier:
        found = _baggage.extract(carrier, context=found)
    return found


@contextmanager
def continued(carrier: Mapping[str, str] | None) -> Iterator[None]:
    """Within the block the trace that `carrier` names goes on, or none; it makes no span of its own."""
    token = attach(remote(carrier))
    try:
        yield
    finally:
        detach(token)


@contextmanager
def untraced() -> Iterator[None]:
    """Within the block nothing is recorded, here or by those who are called; logs keep the ids."""
    found = get_current_span().get_span_context()
    silent = SpanContext(found.trace_id, found.span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    token = attach(set_span_in_context(NonRecordingSpan(silent)))
    try:
        yield
    finally:
        detach(token)
