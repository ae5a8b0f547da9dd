"""Edges between services, worked out again only for traces that have changed."""

from __future__ import annotations

from collections.abc import Container, Iterable

from meshctl.adapters.otlp.decode import spans_of
from meshctl.adapters.otlp.wire import joined
from meshctl.core.traces.edges import Crossing, EdgeFold, crossings_of
from meshctl.core.traces.stored import PLAUSIBLE_NS, StoredTrace
from meshctl.model.traces import ServiceEdge

#: Spans that one question may decode; what is left for the next one counts as it was, or not yet.
MAX_DECODED = 50_000


class EdgeCache:
    """The crossings of each trace, by revision. Each question starts from the ones before; safe in several threads."""

    def __init__(self, max_decoded: int = MAX_DECODED) -> None:
        self._max_decoded = max_decoded
        self._known: dict[bytes, tuple[int, tuple[Crossing, ...]]] = {}

    def edges(
        self, traces: Iterable[StoredTrace], alive: Container[bytes], since_ns: int, window_s: float
    ) -> tuple[ServiceEdge, ...]:
        """The edges of ``traces``, newest first, that started since then; what is not ``alive`` is forgotten.

        Rates are over ``window_s`` seconds, with 0 over the time from the first start to the last end.
        """
        fold = EdgeFold()
        seen: dict[bytes, tuple[int, tuple[Crossing, ...]]] = {}
        room, first, last = self._max_decoded, 2**64, 0
        for trace in traces:
            start = trace.start_ns
            if start < since_ns:
                break
            revision, entry = trace.revision, seen.get(trace.trace_id) or self._known.get(trace.trace_id)
            if (entry is None or entry[0] != revision) and room > 0:
                room -= trace.spans
                entry = (revision, crossings_of(spans_of(joined(trace.data()))))
            if entry is not None and trace.trace_id not in seen:
                seen[trace.trace_id] = entry
                fold.add(entry[1])
                first, last = min(first, max(start, PLAUSIBLE_NS)), max(last, trace.last_ns)
        kept = {trace_id: entry for trace_id, entry in self._known.items() if trace_id in alive}
        self._known = kept | seen
        return fold.edges(window_s if window_s > 0 else max(1.0, (last - first) / 1e9))
