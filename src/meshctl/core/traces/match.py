"""What a ``TraceQuery`` means, said of summaries' facts and of spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshctl.core.traces.stored import StoredTrace
from meshctl.model.traces import Span, TraceQuery


def fits(query: TraceQuery, trace: StoredTrace) -> bool:
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
    return _takes_part(query, trace) if query.service or query.operation else True


def _takes_part(query: TraceQuery, trace: StoredTrace) -> bool:
    return any(
        query.service in ("", operation.service) and query.operation in ("", operation.name)
        for operation in trace.operations.copy()
    )


def carried(spans: Iterable[Span], wanted: Sequence[tuple[str, str]]) -> bool:
    """Whether one span, or its resource, carries all these attributes."""
    return any(all(_carries(span, key, text) for key, text in wanted) for span in spans)


def _carries(span: Span, key: str, text: str) -> bool:
    return (key in span.attributes and is_text_of(span.attributes[key], text)) or (
        key in span.resource and is_text_of(span.resource[key], text)
    )


def is_text_of(value: Any, text: str) -> bool:
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


def said(spans: Iterable[Span], text: str) -> bool:
    """Whether the text, in lower case, occurs in what the spans say, events and their attributes included."""
    return any(_says(span, text) for span in spans)


def _says(span: Span, text: str) -> bool:
    words = (span.service, span.name, span.status_message)
    if any(text in word.lower() for word in words) or _told(span.attributes, text):
        return True
    return any(text in event.name.lower() or _told(event.attributes, text) for event in span.events)


def _told(attributes: Mapping[str, Any], text: str) -> bool:
    for key, value in attributes.items():
        if text in key.lower():
            return True
        if isinstance(value, str):
            if text in value.lower():
                return True
        elif isinstance(value, list | Mapping) and text in text_of(value).lower():
            return True
    return False
