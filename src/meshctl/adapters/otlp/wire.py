"""One request taken apart: the bytes of its spans by trace, with what the memory has to know of each span."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from meshctl.adapters.otlp.decode import parsed, service_of
from meshctl.adapters.otlp.framing import Entries, OddFraming, content, encoded, entries, framed
from meshctl.adapters.otlp.limits import HARMLESS, MAX_HEADER, limited_resource, limited_scope, limited_span
from meshctl.core.traces.stored import Header, SpanBatch, SpanRow

#: Tag bytes: ``resource_spans`` of the request and ``scope_spans`` and ``spans`` below it.
_RESOURCE_SPANS, _SCOPE_SPANS, _SPANS = 0x0A, 0x12, 0x12
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
_FAILED = 2


class Split(NamedTuple):
    """``spans`` in all; those with broken ids are counted in ``rejected`` by cause and are not in ``batches``.

    ``limited`` spans were cut down to the limits on attributes. Two requests with one ``fingerprint`` are the same one,
    sent twice.
    """

    batches: list[SpanBatch]
    spans: int
    rejected: Counter[str]
    limited: int
    fingerprint: tuple[int, bytes, bytes, bytes]


class _Counts:
    def __init__(self) -> None:
        self.spans = 0
        self.rejected: Counter[str] = Counter()
        self.limited = 0


class _Piece(NamedTuple):
    """One ScopeSpans: the headers, the message, and the bytes of each span, tag and length included."""

    resource: bytes
    scope: bytes
    message: ScopeSpans
    spans: list[bytes]


def split(body: bytes) -> Split:
    """Take an ``ExportTraceServiceRequest`` (or ``TracesData``) apart. Raises BadPayload.

    Slices keep every field that was sent, unknown ones too. A span with ids that are none is rejected alone.
    """
    message = parsed(body)
    try:
        pieces = _sliced(body, message)
    except OddFraming:
        pieces = _serialized(message)
    counts = _Counts()
    batches = []
    for piece in pieces:
        rows = _rows(piece, counts)
        if rows:
            batches.append(SpanBatch(piece.resource, piece.scope, _service(piece.resource), rows))
    return Split(batches, counts.spans, counts.rejected, counts.limited, _fingerprint(body, pieces))


def _fingerprint(body: bytes, pieces: list[_Piece]) -> tuple[int, bytes, bytes, bytes]:
    filled = [piece.message.spans for piece in pieces if piece.spans]
    if not filled:
        return len(body), b"", b"", b""
    first, last = filled[0][0], filled[-1][-1]
    return len(body), first.trace_id, first.span_id, last.span_id


def joined(data: dict[Header, list[bytes]]) -> bytes:
    """``TracesData`` of spans by header: each resource once, each of its scopes once."""
    resources: dict[bytes, list[bytes]] = {}
    for header, spans in data.items():
        body = b"".join([header.scope, *spans])
        resources.setdefault(header.resource, []).append(framed(_SCOPE_SPANS, body))
    out: list[bytes] = []
    for resource, scopes in resources.items():
        size = len(resource) + sum(map(len, scopes))
        out += (bytes((_RESOURCE_SPANS,)), encoded(size), resource, *scopes)
    return b"".join(out)


def _sliced(body: bytes, message: TracesData) -> list[_Piece]:
    pieces = []
    resources = _matching(body, 0, _RESOURCE_SPANS, len(message.resource_spans))
    for resource_entry, resource_spans in zip(resources.found, message.resource_spans, strict=True):
        scopes = _matching(resource_entry, content(resource_entry), _SCOPE_SPANS, len(resource_spans.scope_spans))
        resource = _resource(scopes.rest)
        for scope_entry, scope_spans in zip(scopes.found, resource_spans.scope_spans, strict=True):
            spans = _matching(scope_entry, content(scope_entry), _SPANS, len(scope_spans.spans))
            pieces.append(_Piece(resource, _scope(spans.rest), scope_spans, spans.found))
    return pieces


def _matching(data: bytes, begin: int, tag: int, count: int) -> Entries:
    """The entries, as many as the parser has found."""
    found = entries(data, tag, begin)
    if len(found.found) != count:
        raise OddFraming
    return found


def _serialized(message: TracesData) -> list[_Piece]:
    """The same from the parsed message, for bytes that are framed in an unusual way."""
    pieces = []
    for resource_spans in message.resource_spans:
        above = ResourceSpans.FromString(resource_spans.SerializeToString())
        above.ClearField("scope_spans")
        resource = _resource(above.SerializeToString())
        for scope_spans in resource_spans.scope_spans:
            scope_above = ScopeSpans.FromString(scope_spans.SerializeToString())
            scope_above.ClearField("spans")
            scope = _scope(scope_above.SerializeToString())
            spans = [framed(_SPANS, span.SerializeToString()) for span in scope_spans.spans]
            pieces.append(_Piece(resource, scope, scope_spans, spans))
    return pieces


def _rows(piece: _Piece, counts: _Counts) -> dict[bytes, list[SpanRow]]:
    found: dict[bytes, list[SpanRow]] = {}
    counts.spans += len(piece.spans)
    for wire, span in zip(piece.spans, piece.message.spans, strict=True):
        trace_id, span_id, parent = span.trace_id, span.span_id, span.parent_span_id
        if len(span_id) != 8 or span_id == _NO_SPAN or (parent and len(parent) != 8):
            counts.rejected["parent id" if len(span_id) == 8 and span_id != _NO_SPAN else "span id"] += 1
            continue
        row = (
            wire if len(wire) <= HARMLESS else _limited(wire, span, counts),
            span.name,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            not parent or parent == _NO_SPAN,
            span.status.code == _FAILED,
        )
        rows = found.get(trace_id)
        if rows is None:
            found[trace_id] = [row]
        else:
            rows.append(row)
    for trace_id in [one for one in found if len(one) != 16 or one == _NO_TRACE]:
        counts.rejected["trace id"] += len(found.pop(trace_id))
    return found


def _limited(wire: bytes, span: Span, counts: _Counts) -> bytes:
    shorter = limited_span(span, len(wire))
    if shorter is None:
        return wire
    counts.limited += 1
    return framed(_SPANS, shorter)


def _resource(header: bytes) -> bytes:
    return header if len(header) <= MAX_HEADER else limited_resource(header)


def _scope(header: bytes) -> bytes:
    return header if len(header) <= MAX_HEADER else limited_scope(header)


@lru_cache(maxsize=256)
def _service(resource: bytes) -> str:
    return service_of(ResourceSpans.FromString(resource).resource)[0]
