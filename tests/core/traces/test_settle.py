"""When a trace waits, and for what."""

from __future__ import annotations

from meshctl.core.traces.settle import waits_for
from meshctl.model.spans import SpanKind, SpanLink
from tests.spans import TRACE, order, span

PRODUCER, CONSUMER = SpanKind.PRODUCER, SpanKind.CONSUMER


def test_a_whole_order_has_settled() -> None:
    assert waits_for(order().spans) == ""


def test_it_waits_for_the_root() -> None:
    spans = [one for one in order().spans if one.parent_id]
    assert waits_for(spans) == "the root has not ended, 1 parent has not arrived"


def test_it_waits_for_parents_each_counted_once() -> None:
    assert waits_for([span(1), span(2, 7), span(3, 8), span(4, 8)]) == "2 parents have not arrived"


def test_it_waits_for_the_consumer_of_a_message() -> None:
    sent = [span(1), span(2, 1, name="orders publish", kind=PRODUCER)]
    assert waits_for(sent) == "a consumer of orders publish has not answered"
    assert waits_for([*sent, span(3, 2, "worker", kind=CONSUMER)]) == ""


def test_a_consumer_that_is_only_linked_answers_too() -> None:
    linked = span(3, 1, "worker", kind=CONSUMER, links=(SpanLink(TRACE, f"{2:016x}"),))
    assert waits_for([span(1), span(2, 1, kind=PRODUCER), linked]) == ""


def test_a_span_of_another_service_below_a_producer_answers_whatever_its_kind() -> None:
    assert waits_for([span(1), span(2, 1, kind=PRODUCER), span(3, 2, "worker")]) == ""


def test_a_span_of_the_same_service_below_a_producer_is_no_answer() -> None:
    assert (
        waits_for([span(1), span(2, 1, name="send", kind=PRODUCER), span(3, 2)])
        == "a consumer of send has not answered"
    )


def test_a_message_that_could_not_be_sent_is_not_waited_for() -> None:
    assert waits_for([span(1), span(2, 1, kind=PRODUCER, error=True)]) == ""


def test_many_messages_are_told_by_three_names() -> None:
    sent = [span(1), *(span(n, 1, name=f"m{n}", kind=PRODUCER) for n in range(2, 7))]
    assert waits_for(sent[:3]) == "consumers of m2 and m3 have not answered"
    assert waits_for(sent) == "consumers of m2, m3, m4 and 2 more have not answered"


def test_a_circle_of_parents_ends_and_has_no_root() -> None:
    assert waits_for([span(1, 2), span(2, 1)]) == "the root has not ended"


def test_nothing_waits_for_its_root() -> None:
    assert waits_for([]) == "the root has not ended"


def test_a_message_that_no_queue_has_taken_is_not_waited_for() -> None:
    sent = span(2, 1, kind=SpanKind.PRODUCER, attributes={"mesh.unrouted": True})
    assert waits_for([span(1), sent]) == ""
    assert waits_for([span(1), span(2, 1, "orders", "publish", kind=SpanKind.PRODUCER)]) != ""


def test_whoever_asks_stands_for_the_root_and_waits_for_what_it_has_caused() -> None:
    ours = span(1, 99, "meshctl", "GET /", kind=SpanKind.CLIENT)
    assert waits_for([ours]) == "the root has not ended, 1 parent has not arrived"
    assert waits_for([ours], ours.span_id) == "nothing has come of GET /"
    assert waits_for([ours, span(7, 99)], ours.span_id) == "nothing has come of GET /"
    assert waits_for([ours, span(2, 1, "users"), span(7, 99)], ours.span_id) == ""
    assert waits_for([ours, span(2, 1, "users"), span(3, 4)], ours.span_id) == "1 parent has not arrived"
    assert waits_for([span(2, 1, "users")], ours.span_id) == "the root has not ended, 1 parent has not arrived"
