"""Signs in the rows: errors, retries, short circuits, rate limits, and what lies outside where it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshctl.core.traces.waterfall.tree import NO_PARENT, SpanColumns, Tree
from meshctl.model.spans import Span, SpanKind, SpanStatus
from meshctl.model.waterfall import Mark

#: Up to so many spans every client and server is read; beyond, only those that an error leads to.
READ_ALL = 2_000
#: Reading attributes decodes them: never those of more spans than this.
READ_MOST = 5_000
#: A server may end a moment after its client: it still tidies up when the answer has long been read.
TAIL_NS = 1_000_000
_SHORT_CIRCUITS = frozenset({"breaker.rejected", "breaker.short_circuit"})
_HTTP_STATUS = ("http.response.status_code", "http.status_code")
_RPC_STATUS = ("rpc.response.status_code", "rpc.grpc.status_code")
#: What tells one request from another of the same name.
_REQUEST = ("url.full", "http.url", "url.path", "http.target", "rpc.method", "db.query.text", "db.statement")
#: Looking a member of an enum up takes as long as the rest of a loop over all spans.
CLIENT, PRODUCER, CONSUMER, INTERNAL = SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.INTERNAL
ERROR = SpanStatus.ERROR
_ORDER = {mark: place for place, mark in enumerate(Mark)}

Found = dict[int, set[Mark]]


def marks_of(columns: SpanColumns, tree: Tree, ends: Sequence[int], late: Iterable[int]) -> dict[int, tuple[Mark, ...]]:
    """Marks by index, in the order of ``Mark``; spans without any are left out."""
    found: Found = {index: set(marks) for index, marks in columns.marks.items()}
    for index, span in enumerate(columns.spans):
        if span.status is ERROR:
            _mark(found, index, Mark.ERROR)
    for index in late:
        _mark(found, index, Mark.LATE)
    _outside(columns, ends, found)
    pairs = _pairs(columns, tree)
    for index in _worth_reading(columns, tree, pairs):
        _read(columns.spans[index], index, found)
    for before, after in pairs[:READ_MOST]:
        if _again(columns, ends, before, after):
            _mark(found, after, Mark.RETRY)
    return {index: tuple(sorted(marks, key=_ORDER.__getitem__)) for index, marks in found.items()}


def is_detached(span: Span, start: int, parent: Span, parent_end: int) -> bool:
    """Whether nobody waits for the span: a message's consumer, or what starts when its parent has ended."""
    if span.kind is CONSUMER and (parent.kind is PRODUCER or span.service != parent.service):
        return True
    return start > parent_end


def _mark(found: Found, index: int, mark: Mark) -> None:
    found.setdefault(index, set()).add(mark)


def _outside(columns: SpanColumns, ends: Sequence[int], found: Found) -> None:
    """Spans that begin before or end after their parent, but for consumers, and for what is marked late."""
    starts, parents = columns.starts, columns.parents
    for index, parent in enumerate(parents):
        if parent == NO_PARENT or (starts[index] >= starts[parent] and ends[index] <= ends[parent]):
            continue
        early = starts[index] < starts[parent]
        span, above = columns.spans[index], columns.spans[parent]
        tail = TAIL_NS if span.instance != above.instance or span.service != above.service else 0
        sent = is_detached(span, starts[index], above, ends[parent]) and span.kind is CONSUMER
        if early or (ends[index] > ends[parent] + tail and not sent and Mark.LATE not in found.get(index, ())):
            _mark(found, index, Mark.OUTSIDE)


def _worth_reading(columns: SpanColumns, tree: Tree, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Spans whose attributes may say more: failed ones first, then those with events, clients and servers."""
    spans = columns.spans
    failed = [i for i, span in enumerate(spans) if span.status is ERROR]
    eventful = [i for i, span in enumerate(spans) if span.events]
    if len(spans) <= READ_ALL:
        rest = [i for i, span in enumerate(spans) if span.kind is not INTERNAL]
    else:
        rest = [second for _, second in pairs]
        rest += [child for i in failed if spans[i].kind is CLIENT for child in tree.children.get(i, ())]
    return list(dict.fromkeys((*failed, *eventful, *rest)))[:READ_MOST]


def _pairs(columns: SpanColumns, tree: Tree) -> list[tuple[int, int]]:
    """(a failed client span, the next one of the same name under the same parent)."""
    spans, parents = columns.spans, columns.parents
    failed = {i for i, s in enumerate(spans) if s.status is ERROR and s.kind is CLIENT}
    pairs = []
    for parent in sorted({parents[i] for i in failed} - {NO_PARENT}):
        last: dict[str, int] = {}
        for child in tree.children[parent]:
            if spans[child].kind is not CLIENT:
                continue
            before = last.get(spans[child].name)
            if before in failed:
                pairs.append((before, child))
            last[spans[child].name] = child
    return pairs


def _again(columns: SpanColumns, ends: Sequence[int], before: int, after: int) -> bool:
    """Whether a span is the next attempt of the failed one before it."""
    if columns.starts[after] < ends[before]:
        return False
    first, second = columns.spans[before].attributes, columns.spans[after].attributes
    return attempt_of(second) != 1 and all(first.get(key) == second.get(key) for key in _REQUEST)


def _read(span: Span, index: int, found: Found) -> None:
    attributes = span.attributes
    if attributes.get("mesh.short_circuit") is True or any(event.name in _SHORT_CIRCUITS for event in span.events):
        _mark(found, index, Mark.SHORT_CIRCUIT)
    if _rate_limited(attributes):
        _mark(found, index, Mark.RATE_LIMITED)
    if attempt_of(attributes) > 1:
        _mark(found, index, Mark.RETRY)


def _rate_limited(attributes: Mapping[str, Any]) -> bool:
    if attributes.get("mesh.rate_limited") is True or _number(attributes, _HTTP_STATUS) == 429:
        return True
    return any(attributes.get(key) in (8, "8", "RESOURCE_EXHAUSTED") for key in _RPC_STATUS)


def attempt_of(attributes: Mapping[str, Any]) -> int:
    """Which attempt of a request a span is, from 1; 0 if it does not say."""
    attempt = _number(attributes, ("mesh.attempt",))
    resent = _number(attributes, ("http.request.resend_count", "http.resend_count"))
    return attempt or (resent + 1 if resent else 0)


def _number(attributes: Mapping[str, Any], keys: Sequence[str]) -> int:
    """The first of these attributes that is a whole number, or says one; else 0."""
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isdecimal():
            return int(value[:9])
    return 0
