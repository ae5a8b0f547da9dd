"""Traces, and what a collector tells of those it keeps. Times are Unix nanoseconds, durations nanoseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshctl.model.spans import Span


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is known of one trace, in the order it arrived.

    ``settled``: its root has ended, no parent is missing, no producer waits for its consumer, and it has been
    quiet for as long as was asked. ``waits_for`` says in words what is missing while it has not.
    ``truncated`` counts spans that a limit has kept out.
    """

    trace_id: str
    spans: tuple[Span, ...]
    settled: bool = False
    waits_for: str = ""
    truncated: int = 0
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One row of a list. ``service`` and ``name`` are those of the root, or of the earliest span without one.

    ``duration_ns`` is the root's, or from the first start to the last end without a root; ``start_ns`` likewise.
    ``services`` maps each service to its number of spans, ``revision`` grows with every change of the trace.
    """

    trace_id: str
    service: str
    name: str
    start_ns: int
    duration_ns: int
    spans: int
    errors: int = 0
    services: Mapping[str, int] = field(default_factory=dict)
    has_root: bool = True
    pinned: bool = False
    truncated: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """Which traces are wanted; every condition holds, newest first.

    ``service`` took part; ``operation`` is the name of one of its spans (of any span without ``service``).
    Durations are those of the trace; ``attributes`` are (key, value as text) that one span or its resource carries;
    ``since_ns`` and ``until_ns`` bound the start of the trace; ``text`` occurs, whatever its case, in a service,
    a span name, a status message, or an attribute's key or text value.
    """

    service: str = ""
    operation: str = ""
    min_duration_ns: int = 0
    max_duration_ns: int = 0
    error: bool | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    since_ns: int = 0
    until_ns: int = 0
    text: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class ServiceEdge:
    """Calls from one service to another, seen in the spans of a time window.

    ``kind`` is ``call`` or ``message``; ``rate`` calls a second; ``error_ratio`` 0..1; percentiles nanoseconds.
    """

    caller: str
    target: str
    calls: int
    errors: int
    rate: float
    error_ratio: float
    p50_ns: int
    p95_ns: int
    p99_ns: int
    kind: str = "call"


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """What a collector keeps, and what its limits have cost. ``oldest_ns`` is 0 when it keeps nothing.

    ``dropped`` counts spans by cause, ``evicted`` traces by cause, since it started.
    """

    traces: int = 0
    spans: int = 0
    bytes: int = 0
    received: int = 0
    oldest_ns: int = 0
    started_ns: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    evicted: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TraceChanges:
    """What a stream of changes tells at once. ``reset``: too much changed to be told; read the list anew."""

    changed: tuple[TraceSummary, ...] = ()
    removed: tuple[str, ...] = ()
    status: CollectorStatus = field(default_factory=CollectorStatus)
    reset: bool = False
