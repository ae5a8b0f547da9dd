"""Finds traces: cheap conditions first, then the undecoded bytes, then the decoded spans of what is left."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from meshctl.adapters.otlp.decode import parsed, spans_of
from meshctl.adapters.otlp.framing import encoded, framed
from meshctl.adapters.otlp.values import decoded
from meshctl.adapters.otlp.wire import joined
from meshctl.core.traces.search import contain_text, have_attributes, reads_as
from meshctl.core.traces.search import search as find_in
from meshctl.core.traces.stored import Header, StoredTrace
from meshctl.model.traces import TraceQuery, TraceSummary

_KEY, _VALUE = 0x0A, 0x12
_STRING, _BOOL, _INT, _DOUBLE, _BYTES = b"\x0a", b"\x10", b"\x18", b"\x21", b"\x3a"


def search(traces: Iterable[StoredTrace], query: TraceQuery) -> list[TraceSummary]:
    """Up to ``query.limit`` summaries in the order of ``traces``. Reads beside the thread that adds."""
    return find_in(traces, query, _SpanSearch(query).matches)


class _SpanSearch:
    """Looks into spans for the attributes and the text of one query."""

    def __init__(self, query: TraceQuery) -> None:
        self._attributes = query.attributes
        self._text = query.text.lower()
        self._prefilter = BytePrefilter(query.attributes, query.text)
        self._in_resources: dict[Header, tuple[int, ...]] = {}

    def matches(self, trace: StoredTrace) -> bool:
        """Whether the trace has what is asked for."""
        raw = b"".join(trace.chunks.copy())
        headers = set(trace.headers.copy())
        by_service = bool(self._text) and any(self._text in header.service.lower() for header in headers)
        if self._text and not by_service and not self._prefilter.text(raw):
            return False
        if not self._attributes:
            return by_service or contain_text(spans_of(joined(trace.data())), self._text)
        in_resource = {index for header in headers for index in self._in_resource(header)}
        if not self._prefilter.attributes(raw, in_resource):
            return False
        spans = spans_of(joined(trace.data()))
        return have_attributes(spans, self._attributes) and (
            not self._text or by_service or contain_text(spans, self._text)
        )

    def _in_resource(self, header: Header) -> tuple[int, ...]:
        """The indices of the attributes that the resource has."""
        known = self._in_resources.get(header)
        if known is None:
            message = parsed(framed(0x0A, header.resource))
            attributes = decoded(message.resource_spans[0].resource.attributes)
            wanted = enumerate(self._attributes)
            known = tuple(i for i, (key, text) in wanted if key in attributes and reads_as(attributes[key], text))
            self._in_resources[header] = known
        return known


class BytePrefilter:
    """A first look that lets too much pass, never too little.

    But what goes across the framing (a value before its key, a list as one text) is missed.
    """

    def __init__(self, attributes: Iterable[tuple[str, str]], text: str) -> None:
        self._attributes = [_patterns(key, value) for key, value in attributes]
        self._text = text.lower().encode("utf-8", "replace")
        self._search = None if self._text.isascii() else _any_case(text).search

    def text(self, data: bytes) -> bool:
        """Whether the bytes of some spans can contain the text."""
        if self._search is not None:
            return self._search(data) is not None
        return self._text in data.lower()

    def attributes(self, data: bytes, in_resource: Iterable[int]) -> bool:
        """Whether they can have the attributes; those with the indices ``in_resource`` their resource has."""
        found = set(in_resource)
        return all(
            index in found or any(pattern in data for pattern in patterns)
            for index, patterns in enumerate(self._attributes)
        )


def _patterns(key: str, text: str) -> tuple[bytes, ...]:
    """How ``KeyValue`` messages with this value begin, one for each kind of value that can read so."""
    begin = framed(_KEY, key.encode("utf-8", "replace"))
    if text[:1] in ("[", "{"):
        return (begin,)
    return tuple(begin + framed(_VALUE, value) for value in _values(text))


def _values(text: str) -> list[bytes]:
    data = text.encode("utf-8", "replace")
    values = [_STRING + encoded(len(data)) + data]
    if text in ("true", "false"):
        values.append(_BOOL + (b"\x01" if text == "true" else b"\x00"))
    values += [_INT + encoded(number % 2**64) for number in _int(text)]
    values += [_DOUBLE + struct.pack("<d", number) for number in _float(text)]
    if len(text) % 2 == 0 and re.fullmatch("[0-9a-fA-F]*", text):
        raw = bytes.fromhex(text)
        values.append(_BYTES + encoded(len(raw)) + raw)
    return values


def _int(text: str) -> list[int]:
    number = _float(text)
    if not number or not number[0].is_integer():
        return []
    try:
        whole = int(text)
    except ValueError:
        whole = int(number[0])
    return [whole] if -(2**63) <= whole < 2**63 else []


def _float(text: str) -> list[float]:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return []
    return [number, -number] if number == 0 else [number]


def _any_case(text: str) -> re.Pattern[bytes]:
    """Each character in lower, upper or title case, as UTF-8."""
    parts = []
    for character in text:
        cases = {character, character.lower(), character.upper(), character.title()}
        parts.append(b"(?:" + b"|".join(re.escape(case.encode("utf-8", "replace")) for case in sorted(cases)) + b")")
    return re.compile(b"".join(parts))
