"""Who calls whom, read from the spans of traces."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from meshctl.core.traces.stored import PLAUSIBLE_NS, StoredTrace
from meshctl.model.spans import Span, SpanKind
from meshctl.model.traces import ServiceEdge

CALL, MESSAGE = "call", "message"

#: Where a span says whom it reached, the best first.
_TARGETS = ("peer.service", "db.system.name", "db.system", "messaging.system", "server.address", "net.peer.name")
#: As the field's containers and services are called.
_ALIASES = {"postgresql": "postgres", "microsoft.sql_server": "mssql", "oracle.db": "oracle"}


class EdgeKey(NamedTuple):
    """From whom to whom, and how."""

    caller: str
    target: str
    kind: str


class Crossing(NamedTuple):
    """One call or message that went from one service to another."""

    key: EdgeKey
    duration_ns: int
    failed: bool


# Crossings are kept by the thousand, of few keys.
_edge = lru_cache(maxsize=4096)(EdgeKey)


def crossings_of(spans: Sequence[Span]) -> tuple[Crossing, ...]:
    """Every crossing of one trace, each span id counted once.

    A call counts once for its span in the called service; a client span that nobody answered counts towards what
    its attributes name, and so does every message towards its broker.
    """
    by_id = {span.span_id: span for span in spans}
    answered: set[str] = set()
    found: list[Crossing] = []
    for span in by_id.values():
        for sender in _senders(span, by_id):
            answered.add(sender.span_id)
            is_message = span.kind is SpanKind.CONSUMER or sender.kind is SpanKind.PRODUCER
            key = _edge(sender.service, span.service, MESSAGE if is_message else CALL)
            failed = span.failed or (sender.kind is SpanKind.CLIENT and sender.failed)
            found.append(Crossing(key, max(0, span.duration_ns), failed))
    found += [crossing for span in by_id.values() for crossing in _outward(span, answered)]
    return tuple(found)


def _senders(span: Span, by_id: dict[str, Span]) -> Iterable[Span]:
    """The spans of other services that this one answers: its parent, for a consumer what it is linked to."""
    ids = [span.parent_id]
    if span.kind is SpanKind.CONSUMER:
        ids += [link.span_id for link in span.links]
    for span_id in dict.fromkeys(ids):
        sender = by_id.get(span_id)
        if sender is not None and sender.service != span.service:
            yield sender


def _outward(span: Span, answered: set[str]) -> Iterable[Crossing]:
    if span.kind is SpanKind.PRODUCER:
        target, kind = str(span.attributes.get("messaging.system", "")), MESSAGE
    elif span.kind is SpanKind.CLIENT and span.span_id not in answered:
        target, kind = _target(span), CALL
    else:
        return
    if target and target != span.service:
        yield Crossing(_edge(span.service, target, kind), max(0, span.duration_ns), span.failed)


def _target(span: Span) -> str:
    for name in _TARGETS:
        value = span.attributes.get(name)
        if value:
            return _peer_name(str(value), is_host=name in ("server.address", "net.peer.name"))
    return ""


def _peer_name(value: str, *, is_host: bool) -> str:
    """'' for an address without a name: it says nothing on a map."""
    if not is_host:
        return _ALIASES.get(value, value)
    try:
        ipaddress.ip_address(value.strip("[]"))
    except ValueError:
        return "" if value == "localhost" else value
    return ""


class EdgeFold:
    """Adds crossings up."""

    def __init__(self) -> None:
        self._durations: dict[EdgeKey, list[int]] = {}
        self._errors: dict[EdgeKey, int] = {}

    def add(self, crossings: Iterable[Crossing]) -> None:
        """Count those of one trace."""
        for key, duration_ns, failed in crossings:
            durations = self._durations.get(key)
            if durations is None:
                durations = self._durations[key] = []
                self._errors[key] = 0
            durations.append(duration_ns)
            if failed:
                self._errors[key] += 1

    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Most calls first. Rates are calls a second of ``window_s``."""
        found = [self._edge(key, durations, window_s) for key, durations in self._durations.items()]
        return tuple(sorted(found, key=lambda edge: (-edge.calls, edge.caller, edge.target)))

    def _edge(self, key: EdgeKey, durations: list[int], window_s: float) -> ServiceEdge:
        ordered, errors = sorted(durations), self._errors[key]
        calls = len(ordered)
        return ServiceEdge(
            caller=key.caller,
            target=key.target,
            calls=calls,
            errors=errors,
            rate=calls / window_s if window_s > 0 else 0.0,
            error_ratio=errors / calls,
            p50_ns=_quantile(ordered, 50),
            p95_ns=_quantile(ordered, 95),
            p99_ns=_quantile(ordered, 99),
            kind=key.kind,
        )


def edges_since(
    traces: Iterable[StoredTrace],
    crossings: Callable[[StoredTrace], Iterable[Crossing] | None],
    since_ns: int,
    window_s: float,
) -> tuple[ServiceEdge, ...]:
    """The edges of ``traces``, newest first, that started since then; those without known ``crossings`` count nothing.

    Rates are over ``window_s`` seconds, with 0 over the time from the first start to the last end.
    """
    fold, seen, first, last = EdgeFold(), set[bytes](), 2**64, 0
    for trace in traces:
        start = trace.start_ns
        if start < since_ns:
            break
        found = None if trace.trace_id in seen else crossings(trace)
        if found is not None:
            seen.add(trace.trace_id)
            fold.add(found)
            first, last = min(first, max(start, PLAUSIBLE_NS)), max(last, trace.last_ns)
    return fold.edges(window_s if window_s > 0 else max(1.0, (last - first) / 1e9))


def _quantile(ordered: Sequence[int], percent: int) -> int:
    """The nearest rank."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
