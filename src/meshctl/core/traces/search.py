"""What a search means: a ``TraceQuery`` against summaries and spans, the filter a person types, find in a trace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meshctl.core.traces.stored import StoredTrace
from meshctl.model.spans import Span
from meshctl.model.traces import TraceQuery, TraceSummary
from meshctl.model.waterfall import Waterfall, WaterfallRow

_DURATION = re.compile(r"([<>])=?(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m)?", re.IGNORECASE)
_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "": 10**6}
#: How many traces a typed search may bring.
LIMIT = 200


def search(
    traces: Iterable[StoredTrace], query: TraceQuery, matches_spans: Callable[[StoredTrace], bool]
) -> list[TraceSummary]:
    """Up to ``query.limit`` summaries in the order of ``traces``. Safe beside the thread that adds.

    ``matches_spans`` judges attributes and text; it is asked only when the query has some, after all that costs less.
    """
    in_spans = bool(query.attributes or query.text)
    found: dict[bytes, TraceSummary] = {}
    for trace in traces:
        if len(found) >= query.limit:
            break
        if trace.trace_id not in found and matches_index(query, trace) and (not in_spans or matches_spans(trace)):
            found[trace.trace_id] = trace.summary()
    return list(found.values())


def matches_index(query: TraceQuery, trace: StoredTrace) -> bool:
    """Every condition that needs no look into the spans. Safe beside the thread that adds."""
    if query.error is not None and query.error != bool(trace.errors):
        return False
    if query.min_duration_ns or query.max_duration_ns:
        duration = trace.duration_ns
        if duration < query.min_duration_ns or (query.max_duration_ns and duration > query.max_duration_ns):
            return False
    if query.since_ns or query.until_ns:
        start = trace.start_ns
        if start < query.since_ns or (query.until_ns and start > query.until_ns):
            return False
    return _has_operation(query, trace) if query.service or query.operation else True


def _has_operation(query: TraceQuery, trace: StoredTrace) -> bool:
    return any(
        query.service in ("", operation.service) and query.operation in ("", operation.name)
        for operation in trace.operations.copy()
    )


def have_attributes(spans: Iterable[Span], wanted: Sequence[tuple[str, str]]) -> bool:
    """Whether one span, together with its resource, has all these attributes."""
    return any(all(_has_attribute(span, key, text) for key, text in wanted) for span in spans)


def _has_attribute(span: Span, key: str, text: str) -> bool:
    return (key in span.attributes and reads_as(span.attributes[key], text)) or (
        key in span.resource and reads_as(span.resource[key], text)
    )


def reads_as(value: Any, text: str) -> bool:
    """Whether a value reads as this text: ``true``, ``5``, ``0.5`` (also ``.50``), ``["a"]``, bytes in hex."""
    if isinstance(value, str):
        return value == text
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, int | float):
        return _number(text) == value
    if isinstance(value, bytes):
        return value.hex() == text.lower()
    return text_of(value) == text.replace(", ", ",").replace(": ", ":")


def text_of(value: Any) -> str:
    """A list or a mapping as JSON without spaces, everything else as Python writes it."""
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return str(value)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value.hex() if isinstance(value, bytes) else str(value)


def _number(text: str) -> float | int | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def contain_text(spans: Iterable[Span], text: str) -> bool:
    """Whether the text, in lower case, occurs in a span, its events and their attributes included."""
    return any(_contains(span, text) for span in spans)


def _contains(span: Span, text: str) -> bool:
    fields = (span.service, span.name, span.status_message)
    if any(text in field.lower() for field in fields) or _in_attributes(span.attributes, text):
        return True
    return any(text in event.name.lower() or _in_attributes(event.attributes, text) for event in span.events)


def _in_attributes(attributes: Mapping[str, Any], text: str) -> bool:
    for key, value in attributes.items():
        if text in key.lower():
            return True
        if isinstance(value, str):
            if text in value.lower():
                return True
        elif isinstance(value, list | Mapping) and text in text_of(value).lower():
            return True
    return False


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """``>100ms <1s service:orders operation:GetUser error pinned sku=tea`` and any other words.

    The list can judge some of it by its summaries, the collector all but ``pinned``.
    """

    words: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    operation: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    min_ns: int = 0
    max_ns: int = 0
    error: bool = False
    pinned: bool = False

    @property
    def empty(self) -> bool:
        return self == TraceFilter()

    @property
    def hidden(self) -> bool:
        """Whether it asks for something that no summary tells."""
        return bool(self.attributes or self.operation)

    def query(self) -> TraceQuery:
        """The same for the collector. Words are looked for as one text."""
        return TraceQuery(
            service=self.services[0] if self.services else "",
            operation=self.operation,
            min_duration_ns=self.min_ns,
            max_duration_ns=self.max_ns,
            error=True if self.error else None,
            attributes=self.attributes,
            text=" ".join(self.words),
            limit=LIMIT,
        )

    def allows(self, summary: TraceSummary) -> bool:
        """All that a summary can tell but the words."""
        return (
            summary.duration_ns >= self.min_ns
            and (not self.max_ns or summary.duration_ns <= self.max_ns)
            and (not self.error or summary.errors > 0)
            and (not self.pinned or summary.pinned)
            and all(service in summary.services for service in self.services)
        )

    def matches(self, summary: TraceSummary) -> bool:
        """``allows``, and every word occurs in the name, a service or the id."""
        if not self.allows(summary):
            return False
        if not self.words:
            return True
        text = f"{summary.name} {summary.service} {' '.join(summary.services)} {summary.trace_id}".lower()
        return all(word in text for word in self.words)


def parse_filter(text: str) -> TraceFilter:
    """Never refuses: what is not understood is a word to look for."""
    found = TraceFilter()
    for word in text.split():
        found = _with(found, word)
    return found


def _with(found: TraceFilter, word: str) -> TraceFilter:
    lower = word.lower()
    duration = _DURATION.fullmatch(word)
    if duration is not None:
        return _with_duration(found, *duration.groups())
    if lower in ("error", "errors"):
        return replace(found, error=True)
    if lower == "pinned":
        return replace(found, pinned=True)
    key, colon, value = word.partition(":")
    if colon and key.lower() == "service":
        return replace(found, services=(*found.services, value)) if value else found
    if colon and key.lower() in ("operation", "op"):
        return replace(found, operation=value)
    key, equals, value = word.partition("=")
    if equals and key:
        return replace(found, attributes=(*found.attributes, (key, value))) if value else found
    return replace(found, words=(*found.words, lower))


def _with_duration(found: TraceFilter, sign: str, number: str, unit: str | None) -> TraceFilter:
    nanoseconds = int(float(number) * _NS[(unit or "").lower()])
    if sign == ">":
        return replace(found, min_ns=max(found.min_ns, nanoseconds))
    return replace(found, max_ns=min(found.max_ns or nanoseconds, nanoseconds))


class SpanFinder:
    """Find in one trace. Names are searched at once; ``read`` decodes the attributes too, which takes a thread."""

    def __init__(self, waterfall: Waterfall) -> None:
        self._waterfall = waterfall
        self._names: list[str] | None = None
        self._texts: list[str] | None = None

    @property
    def complete(self) -> bool:
        """Whether attributes are searched too."""
        return self._texts is not None

    def read(self) -> None:
        """Blocking, about a second for 50,000 spans of twenty attributes."""
        names = self._all_names()
        self._texts = [f"{name} {_attributes_text(row)}" for name, row in zip(names, self._waterfall.rows, strict=True)]

    def matches(self, wanted: str) -> Sequence[int]:
        """Rows that have every word, in order; none for no words."""
        words = wanted.lower().split()
        if not words:
            return []
        texts = self._texts if self._texts is not None else self._all_names()
        return [index for index, text in enumerate(texts) if all(word in text for word in words)]

    def _all_names(self) -> list[str]:
        if self._names is None:
            self._names = [
                f"{r.span.service} {r.span.name} {r.target} {r.span.instance} {r.span.span_id} "
                f"{r.span.status_message} {' '.join(r.marks)}".lower()
                for r in self._waterfall.rows
            ]
        return self._names


def _attributes_text(row: WaterfallRow) -> str:
    """Attributes of the span and of its events."""
    mappings = (row.span.attributes, *(event.attributes for event in row.span.events))
    return " ".join(f"{key}={value}" for mapping in mappings for key, value in mapping.items()).lower()
