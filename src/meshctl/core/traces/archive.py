"""Whole traces that no longer change, searched and added up by the same rules as those of a collector."""

from __future__ import annotations

from collections.abc import Iterable

from meshctl.core.traces.edges import Crossing, crossings_of, edges_since
from meshctl.core.traces.search import contain_text, have_attributes, search
from meshctl.core.traces.store import TraceStore
from meshctl.core.traces.stored import Limits, SpanBatch, SpanRow, StoredTrace
from meshctl.errors import UsageError
from meshctl.model.spans import Span
from meshctl.model.traces import ServiceEdge, Trace, TraceQuery, TraceSummary

_NO_LIMIT = 2**62


class TraceArchive:
    """``search``, ``edges`` and ``services`` are as of ``now_ns``."""

    def __init__(self, traces: Iterable[Trace], now_ns: int) -> None:
        self.traces = {trace.trace_id: trace for trace in traces}
        self._now_ns = now_ns
        many = len(self.traces) + 1
        self._store = TraceStore(Limits(_NO_LIMIT, traces=many, spans_per_trace=_NO_LIMIT, pins=many))
        for trace in self.traces.values():
            self._keep(trace)

    def rows(self) -> tuple[TraceSummary, ...]:
        """Newest first."""
        return tuple(stored.summary() for stored in self._store.timeline.newest())

    def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""
        text = query.text.lower()

        def matches(stored: StoredTrace) -> bool:
            spans = self._spans(stored)
            has_attributes = not query.attributes or have_attributes(spans, query.attributes)
            return has_attributes and (not text or contain_text(spans, text))

        return tuple(search(self._store.timeline.newest(), query, matches))

    def trace(self, trace_id: str) -> Trace | None:
        """By its id or its beginning; None when it is not known. Raises UsageError when several begin so."""
        found = [trace for known, trace in self.traces.items() if known.startswith(trace_id)]
        if len(found) > 1:
            raise UsageError(f"{len(found)} traces begin with '{trace_id}'", hint="Write more of it.")
        return found[0] if found else None

    def services(self) -> tuple[str, ...]:
        """Sorted."""
        return self._store.operations.services()

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges of the last ``window_s`` seconds; 0 for all that is kept."""
        since_ns = self._now_ns - int(window_s * 1e9) if window_s > 0 else 0
        return edges_since(self._store.timeline.newest(), self._crossings, since_ns, window_s)

    def _crossings(self, stored: StoredTrace) -> tuple[Crossing, ...]:
        return crossings_of(self._spans(stored))

    def _spans(self, stored: StoredTrace) -> tuple[Span, ...]:
        return self.traces[stored.trace_id.hex()].spans

    def _keep(self, trace: Trace) -> None:
        """The facts that a store has of a trace; its spans are here already."""
        key = bytes.fromhex(trace.trace_id)
        rows: dict[str, list[SpanRow]] = {}
        for span in trace.spans:
            row = (b"", span.name, span.start_ns, span.end_ns, not span.parent_id, span.failed)
            rows.setdefault(span.service, []).append(row)
        for service, of_service in rows.items():
            self._store.add(SpanBatch(service.encode(), b"", service, {key: of_service}))
        stored = self._store.traces.get(key)
        if stored is not None:
            stored.truncated = trace.truncated
            self._store.pin(key, trace.pinned)
