"""Finds traces: cheap conditions first, then the raw bytes, then the decoded spans of what is left."""

from __future__ import annotations

from collections.abc import Iterable

from meshctl.adapters.otlp.decode import parsed, spans_of
from meshctl.adapters.otlp.framing import framed
from meshctl.adapters.otlp.prefilter import BytePrefilter
from meshctl.adapters.otlp.values import decoded
from meshctl.adapters.otlp.wire import joined
from meshctl.core.traces.match import carried, fits, is_text_of, said
from meshctl.core.traces.stored import Header, StoredTrace
from meshctl.model.traces import TraceQuery, TraceSummary


def search(traces: Iterable[StoredTrace], query: TraceQuery) -> list[TraceSummary]:
    """Up to ``query.limit`` summaries in the order of ``traces``. Reads beside the thread that adds."""
    look = _Look(query) if query.attributes or query.text else None
    found: dict[bytes, TraceSummary] = {}
    for trace in traces:
        if len(found) >= query.limit:
            break
        if trace.trace_id not in found and fits(query, trace) and (look is None or look.passes(trace)):
            found[trace.trace_id] = trace.summary()
    return list(found.values())


class _Look:
    """Looks into spans for the attributes and the text of one query."""

    def __init__(self, query: TraceQuery) -> None:
        self._attributes = query.attributes
        self._text = query.text.lower()
        self._sieve = BytePrefilter(query.attributes, query.text)
        self._above: dict[Header, tuple[int, ...]] = {}

    def passes(self, trace: StoredTrace) -> bool:
        """Whether the trace has what is asked for."""
        raw = b"".join(trace.chunks.copy())
        headers = set(trace.headers.copy())
        by_name = bool(self._text) and any(self._text in header.service.lower() for header in headers)
        if self._text and not by_name and not self._sieve.text(raw):
            return False
        if not self._attributes:
            return by_name or said(spans_of(joined(trace.data())), self._text)
        above = {index for header in headers for index in self._carried_above(header)}
        if not self._sieve.attributes(raw, above):
            return False
        spans = spans_of(joined(trace.data()))
        return carried(spans, self._attributes) and (not self._text or by_name or said(spans, self._text))

    def _carried_above(self, header: Header) -> tuple[int, ...]:
        """The indices of the attributes that the resource carries."""
        known = self._above.get(header)
        if known is None:
            message = parsed(framed(0x0A, header.resource))
            carries = decoded(message.resource_spans[0].resource.attributes)
            wanted = enumerate(self._attributes)
            known = tuple(i for i, (key, text) in wanted if key in carries and is_text_of(carries[key], text))
            self._above[header] = known
        return known
