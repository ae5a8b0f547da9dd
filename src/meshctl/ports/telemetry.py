"""What the engine needs of the collector: reads, live changes, and a way in. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from meshctl.model.spans import Span
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceChanges, TraceQuery, TraceSummary


class TraceReader(Protocol):
    """The memory of telemetry, read with short blocking requests. Every method raises CollectorUnavailable."""

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""
        ...

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        """One trace by its whole id; None when nothing is known of it.

        With ``settle_s`` it waits at most so long for the trace to appear and to settle (quiet for ``quiet_s``).
        ``root_id`` is the span that the caller has sent itself: it stands for the root, and waits for what it caused.
        """
        ...

    def export(self, trace_ids: Sequence[str]) -> bytes:
        """These traces as one OTLP JSON document (``{"resourceSpans": [...]}``), every field that was sent."""
        ...

    def services(self) -> tuple[str, ...]: ...
    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges seen in the last ``window_s`` seconds; 0 for all that is kept."""
        ...

    def status(self) -> CollectorStatus: ...
    def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep a trace whatever the limits say, or no longer. False when it is not known."""
        ...


class TraceFeed(Protocol):
    """Live changes of the memory of telemetry."""

    def changes(self) -> AsyncIterator[TraceChanges]:
        """First one with the status now, then what changed, at most ten times a second. Raises CollectorUnavailable."""
        ...


class TraceSender(Protocol):
    """Takes spans to the collector. Both block for a bounded time and raise CollectorUnavailable."""

    def send(self, spans: Sequence[Span]) -> None:
        """Spans of meshctl's own: a call it made, an ``up``."""
        ...

    def send_raw(self, body: bytes) -> int:
        """One OTLP JSON document as it is; return how many spans were taken. Raises MeshError if it is refused."""
        ...


class Collectors(Protocol):
    """Ways to a collector by its address, such as ``127.0.0.1:49200``. Nothing is asked before it is used."""

    def reader(self, query_address: str) -> TraceReader: ...
    def feed(self, query_address: str) -> TraceFeed: ...
    def sender(self, otlp_address: str, timeout_s: float = 2.0) -> TraceSender: ...
