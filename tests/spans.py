"""Spans and traces to test with, with only what matters said. Times are milliseconds from one moment."""

from __future__ import annotations

from typing import Any

from meshctl.model.spans import Span, SpanKind, SpanStatus
from meshctl.model.traces import Trace, TraceSummary

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
#: 2026-11-23 12:00:00 UTC.
BEGIN_NS = 1_795_435_200_000_000_000
MS = 1_000_000


def span(number: int, parent: int = 0, service: str = "orders", name: str = "", **more: Any) -> Span:
    """Span ``number`` (its id in hex); ``at`` and ``ms`` its start and duration in ms; ``error=True`` failed."""
    at, ms, failed = more.pop("at", 0.0), more.pop("ms", 1.0), more.pop("error", False)
    fields: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
        "parent_id": f"{parent:016x}" if parent else "",
        "service": service,
        "name": name or f"work {number}",
        "kind": SpanKind.INTERNAL,
        "start_ns": BEGIN_NS + int(at * MS),
        "duration_ns": int(ms * MS),
        "status": SpanStatus.ERROR if failed else SpanStatus.UNSET,
        "instance": f"{service}-1",
    }
    return Span(**{**fields, **more})


def trace(*spans: Span, **more: Any) -> Trace:
    return Trace(spans[0].trace_id if spans else TRACE, tuple(spans), **more)


def order() -> Trace:
    """One order over five services: a client above it, two calls, a message and a task that outlives the root."""
    client, server = SpanKind.CLIENT, SpanKind.SERVER
    return trace(
        span(1, 0, "meshctl", "POST /orders/", ms=40.0, kind=client),
        span(2, 1, "orders", "POST /orders/", at=1.0, ms=38.2, kind=server),
        span(3, 2, "orders", "GetUser", at=2.0, ms=6.1, kind=client),
        span(4, 3, "users", "GetUser", at=3.0, ms=4.0, kind=server),
        span(5, 4, "users", "SELECT users", at=4.0, ms=2.0, kind=client),
        span(6, 2, "orders", "POST /reserve", at=9.0, ms=11.3, kind=client),
        span(7, 6, "inventory", "POST /reserve", at=10.0, ms=9.2, kind=server),
        span(8, 7, "inventory", "UPDATE items", at=11.0, ms=5.0, kind=client),
        span(9, 2, "orders", "orders publish", at=22.0, ms=3.0, kind=SpanKind.PRODUCER),
        span(10, 9, "notifications", "orders process", at=27.0, ms=9.0, kind=SpanKind.CONSUMER),
        span(11, 10, "notifications", "apply_async/send_email", at=29.0, ms=3.0, kind=SpanKind.PRODUCER),
        span(12, 11, "worker", "run/send_email", at=34.0, ms=41.0, kind=SpanKind.CONSUMER),
    )


def summary(number: int = 1, service: str = "orders", name: str = "POST /orders/", **more: Any) -> TraceSummary:
    """``at`` and ``ms`` as above."""
    at, ms = more.pop("at", 0.0), more.pop("ms", 40.0)
    fields: dict[str, Any] = {
        "trace_id": f"{number:032x}",
        "service": service,
        "name": name,
        "start_ns": BEGIN_NS + int(at * MS),
        "duration_ns": int(ms * MS),
        "spans": 3,
        "services": {service: 3},
    }
    return TraceSummary(**{**fields, **more})
