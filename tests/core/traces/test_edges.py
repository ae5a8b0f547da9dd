"""Edges between services, read from spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from meshctl.core.traces.edges import EdgeFold, crossings_of
from meshctl.model.spans import Span, SpanKind, SpanLink, SpanStatus
from meshctl.model.traces import ServiceEdge
from tests.spans import MS, TRACE, order, span

CLIENT, SERVER, PRODUCER, CONSUMER = SpanKind.CLIENT, SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER


def _edges(spans: Sequence[Span], window_s: float) -> tuple[ServiceEdge, ...]:
    fold = EdgeFold()
    fold.add(crossings_of(spans))
    return fold.edges(window_s)


def _pairs(edges: tuple[ServiceEdge, ...]) -> set[tuple[str, str, str]]:
    return {(edge.caller, edge.target, edge.kind) for edge in edges}


def test_an_order_goes_over_five_services() -> None:
    assert _pairs(_edges(order().spans, 60)) == {
        ("meshctl", "orders", "call"),
        ("orders", "users", "call"),
        ("orders", "inventory", "call"),
        ("orders", "notifications", "message"),
        ("notifications", "worker", "message"),
    }


def test_a_call_counts_once_and_takes_as_long_as_the_called_one_says() -> None:
    (edge,) = _edges([span(1, kind=CLIENT, ms=9), span(2, 1, "users", kind=SERVER, ms=4)], 2.0)
    assert (edge.calls, edge.rate, edge.errors, edge.p50_ns) == (1, 0.5, 0, 4 * MS)


def test_a_call_failed_when_either_side_says_so() -> None:
    client, server = span(1, kind=CLIENT), span(2, 1, "users", kind=SERVER)
    failed_client, failed_server = (replace(one, status=SpanStatus.ERROR) for one in (client, server))
    for spans in ([failed_client, server], [client, failed_server]):
        assert _edges(spans, 1)[0].error_ratio == 1.0


def test_a_span_that_came_twice_counts_once() -> None:
    spans = [span(1, kind=CLIENT), span(2, 1, "users", kind=SERVER), span(2, 1, "users", kind=SERVER)]
    assert _edges(spans, 1)[0].calls == 1


@pytest.mark.parametrize(
    ("attributes", "target"),
    [
        ({"db.system.name": "postgresql", "server.address": "10.0.0.7"}, "postgres"),
        ({"db.system": "redis"}, "redis"),
        ({"peer.service": "payments", "server.address": "10.0.0.8"}, "payments"),
        ({"server.address": "api.example.com"}, "api.example.com"),
    ],
)
def test_a_client_that_nobody_answers_calls_what_its_attributes_name(attributes: dict[str, str], target: str) -> None:
    (edge,) = _edges([span(1, kind=CLIENT, attributes=attributes, error=True)], 1)
    assert (edge.caller, edge.target, edge.errors) == ("orders", target, 1)


@pytest.mark.parametrize("address", ["10.0.0.7", "::1", "[fe80::1]", "localhost", ""])
def test_an_address_without_a_name_is_no_edge(address: str) -> None:
    assert _edges([span(1, kind=CLIENT, attributes={"server.address": address})], 1) == ()


def test_an_answered_client_is_no_second_edge() -> None:
    spans = [span(1, kind=CLIENT, attributes={"peer.service": "users"}), span(2, 1, "users", kind=SERVER)]
    assert _edges(spans, 1)[0].calls == 1


def test_a_message_goes_to_its_broker_and_to_its_consumer() -> None:
    sent = span(1, kind=PRODUCER, attributes={"messaging.system": "rabbitmq"})
    taken = span(2, 0, "worker", kind=CONSUMER, links=(SpanLink(TRACE, sent.span_id),))
    assert _pairs(_edges([sent, taken], 1)) == {("orders", "rabbitmq", "message"), ("orders", "worker", "message")}


def test_percentiles_are_those_of_all_calls() -> None:
    fold = EdgeFold()
    for number in range(1, 101):
        fold.add(crossings_of([span(1, kind=CLIENT), span(2, 1, "users", kind=SERVER, ms=number)]))
    (edge,) = fold.edges(0)
    assert (edge.calls, edge.rate, edge.p50_ns, edge.p95_ns, edge.p99_ns) == (100, 0.0, 50 * MS, 95 * MS, 99 * MS)


def test_circles_spans_without_parents_and_negative_times_end_well() -> None:
    spans = [span(1, 2, kind=CLIENT, ms=-5), span(2, 1, "users", kind=SERVER, ms=-5), span(3, 99, "lost"), span(4, 4)]
    assert all(edge.p99_ns == 0 for edge in _edges(spans, 1))
