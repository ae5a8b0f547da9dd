"""Limits on what one span may carry. What is over them is cut off and counted in the span itself."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Any, Protocol

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

#: Attributes, events and links of one span; bytes of one value; bytes of a name or another text.
MAX_ITEMS = 1_000
MAX_VALUE = 64 * 1024
MAX_NAME = 4 * 1024

#: Bytes of what stands above spans (resource, scope), which comes back once a trace.
MAX_HEADER = 32 * 1024

#: The same for values and their number there.
MAX_HEADER_VALUE = 1024
MAX_HEADER_ITEMS = 128

#: A shorter span can break no limit: an item takes at least two bytes.
HARMLESS = 2 * MAX_ITEMS

_MOST_UINT32 = 2**32 - 1


class _Carrier(Protocol):
    """A span, an event, a link, a resource or a scope."""

    @property
    def attributes(self) -> MutableSequence[KeyValue]: ...

    dropped_attributes_count: int


def limited_span(span: Span, size: int) -> bytes | None:
    """The span of ``size`` bytes cut down to the limits, serialized anew; None when it keeps them."""
    lists = (span.attributes, span.events, span.links)
    if size <= MAX_VALUE and len(span.name) <= MAX_NAME and all(len(items) <= MAX_ITEMS for items in lists):
        return None
    cut = Span()
    cut.CopyFrom(span)
    cut.name = _shorter(cut.name, MAX_NAME)
    cut.trace_state = _shorter(cut.trace_state, MAX_NAME)
    if cut.HasField("status"):
        cut.status.message = _shorter(cut.status.message, MAX_VALUE)
    cut.dropped_events_count = _sum(cut.dropped_events_count, _cut(cut.events, MAX_ITEMS))
    cut.dropped_links_count = _sum(cut.dropped_links_count, _cut(cut.links, MAX_ITEMS))
    carriers: tuple[_Carrier, ...] = (cut, *cut.events, *cut.links)
    for carrier in carriers:
        _limit(carrier, MAX_ITEMS, MAX_VALUE)
    for event in cut.events:
        event.name = _shorter(event.name, MAX_NAME)
    return cut.SerializeToString()


def limited_resource(header: bytes) -> bytes:
    """All but the spans of a ResourceSpans, cut down; unknown fields go."""
    above = ResourceSpans.FromString(header)
    _limit(above.resource, MAX_HEADER_ITEMS, MAX_HEADER_VALUE)
    above.schema_url = _shorter(above.schema_url, MAX_HEADER_VALUE)
    above.DiscardUnknownFields()
    if above.ByteSize() > MAX_HEADER_ITEMS * 2 * MAX_HEADER_VALUE:
        above.resource.ClearField("entity_refs")
    return above.SerializeToString()


def limited_scope(header: bytes) -> bytes:
    """The same for a ScopeSpans."""
    above = ScopeSpans.FromString(header)
    _limit(above.scope, MAX_HEADER_ITEMS, MAX_HEADER_VALUE)
    above.scope.name = _shorter(above.scope.name, MAX_HEADER_VALUE)
    above.scope.version = _shorter(above.scope.version, MAX_HEADER_VALUE)
    above.schema_url = _shorter(above.schema_url, MAX_HEADER_VALUE)
    above.DiscardUnknownFields()
    return above.SerializeToString()


def _limit(carrier: _Carrier, items: int, size: int) -> None:
    dropped = _cut(carrier.attributes, items)
    if dropped:
        carrier.dropped_attributes_count = _sum(carrier.dropped_attributes_count, dropped)
    for pair in carrier.attributes:
        _limit_pair(pair, size)


def _limit_pair(pair: KeyValue, size: int) -> None:
    if len(pair.key) > MAX_HEADER_VALUE:
        pair.key = _shorter(pair.key, MAX_HEADER_VALUE)
    _limit_value(pair.value, size)


def _limit_value(value: AnyValue, size: int) -> None:
    if value.ByteSize() <= size:
        return
    kind = value.WhichOneof("value")
    if kind == "string_value":
        value.string_value = _shorter(value.string_value, size)
    elif kind == "bytes_value":
        value.bytes_value = value.bytes_value[:size]
    elif kind == "array_value":
        for item in value.array_value.values:
            _limit_value(item, size)
        _cut(value.array_value.values, _fitting(value.array_value.values, size))
    elif kind == "kvlist_value":
        for pair in value.kvlist_value.values:
            _limit_pair(pair, size)
        _cut(value.kvlist_value.values, _fitting(value.kvlist_value.values, size))


def _fitting(items: Sequence[AnyValue] | Sequence[KeyValue], size: int) -> int:
    """How many of the first items take at most so many bytes together."""
    room = size
    for count, item in enumerate(items):
        room -= item.ByteSize() + 2
        if room < 0:
            return count
    return len(items)


def _cut(items: MutableSequence[Any], most: int) -> int:
    """Remove what comes after ``most`` items; return how many that were."""
    dropped = max(0, len(items) - most)
    if dropped:
        del items[most:]
    return dropped


def _sum(count: int, more: int) -> int:
    return min(_MOST_UINT32, count + more)


def _shorter(text: str, size: int) -> str:
    """At most ``size`` bytes of UTF-8, and a sign that there was more."""
    if len(text) * 4 <= size:
        return text
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore") + "…"
