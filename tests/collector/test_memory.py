"""Bytes in, answers out: the memory that receivers and the query API share."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from meshctl.adapters.otlp.decode import BadPayload
from meshctl.collector.options import CollectorOptions
from meshctl.collector.traces.memory import Ingested, TraceMemory, open_memory
from meshctl.core.traces.stored import Limits
from meshctl.model.traces import TraceQuery
from tests.adapters.otlp.requests import hex_id, message, request, span, trace_id
from tests.spans import BEGIN_NS, MS

S = 1_000_000_000


def _found(memory: TraceMemory, **conditions: Any) -> list[int]:
    return [int(found.trace_id, 16) for found in memory.search(replace(TraceQuery(), **conditions))]


def _filled() -> TraceMemory:
    """Trace n starts n seconds after the beginning."""
    memory = TraceMemory()
    memory.ingest(request(span(1, trace=1, at=1000, ms=5, name="GET /a", attributes={"code": 200, "sku": "espresso"})))
    memory.ingest(request(span(2, trace=2, at=2000, ms=50, name="GET /b", error=True, attributes={"code": 500})))
    memory.ingest(request(span(3, 9, trace=3, at=3000, ms=7, name="SELECT"), service="users", zone="Nord"))
    memory.ingest(request(span(4, 3, trace=1, at=1001, ms=1, name="Größe"), service="users", zone="Nord"))
    return memory


def test_what_was_taken_comes_back_as_it_was_sent() -> None:
    memory, sent = TraceMemory(), message([("a", "x", [span(1), span(2, 1)]), ("b", "y", [span(3, 2)])])
    assert memory.ingest(sent.SerializeToString()) == Ingested(3, 0, "")
    wire = memory.wire(hex_id(1))
    assert wire and TracesData.FromString(wire) == TracesData.FromString(sent.SerializeToString())
    assert [found.service for found in memory.spans(hex_id(1))] == ["a", "a", "b"]


def test_a_trace_that_is_not_known_has_nothing() -> None:
    memory = TraceMemory()
    for unknown in (hex_id(1), "", "xyz", "é"):
        assert memory.wire(unknown) is None and memory.summary(unknown) is None and memory.spans(unknown) == ()
        assert not memory.pin(unknown, True)
    assert memory.waits_for(hex_id(1)) == "the root has not ended"


def test_what_is_no_request_is_refused_and_changes_nothing() -> None:
    memory = TraceMemory()
    for body in (b"nothing", request(span(1))[:-4]):
        with pytest.raises(BadPayload):
            memory.ingest(body)
    assert memory.status().received == 0


def test_broken_spans_are_rejected_alone_with_a_reason() -> None:
    memory = TraceMemory()
    taken = memory.ingest(request(span(1), span(2, span_id=b"\1"), span(3, trace_id=b"")))
    assert taken == Ingested(1, 2, "spans rejected: 1 with a wrong span id, 1 with a wrong trace id")
    assert memory.status().dropped == {"invalid": 2}


def test_a_sender_that_tries_again_is_recognised() -> None:
    memory, body = TraceMemory(), request(span(1), span(2, 1))
    assert memory.ingest(body) == memory.ingest(body) == Ingested(2, 0, "")
    summary = memory.summary(hex_id(1))
    assert summary and summary.spans == 2 and memory.status().dropped == {"duplicate": 2}


def test_every_condition_of_a_query_holds() -> None:
    memory = _filled()
    assert _found(memory) == [3, 2, 1]
    assert _found(memory, limit=2) == [3, 2]
    assert _found(memory, service="users") == [3, 1]
    assert _found(memory, operation="SELECT") == [3]
    assert _found(memory, service="orders", operation="SELECT") == []
    assert _found(memory, error=True) == [2] and _found(memory, error=False) == [3, 1]
    assert _found(memory, min_duration_ns=6 * MS) == [3, 2] and _found(memory, max_duration_ns=6 * MS) == [1]
    assert _found(memory, since_ns=BEGIN_NS + 2 * S) == [3, 2] and _found(memory, until_ns=BEGIN_NS + 2 * S) == [2, 1]


def test_attributes_are_found_in_spans_and_resources() -> None:
    memory = _filled()
    assert _found(memory, attributes=(("code", "500"),)) == [2]
    assert _found(memory, attributes=(("code", "200"), ("sku", "espresso"))) == [1]
    assert _found(memory, attributes=(("zone", "Nord"),)) == [3, 1]
    assert _found(memory, attributes=(("service.name", "users"),)) == [3, 1]
    assert _found(memory, attributes=(("zone", "Nord"), ("code", "200"))) == []
    assert _found(memory, attributes=(("code", "5"),)) == []


def test_text_is_found_whatever_its_case() -> None:
    memory = _filled()
    assert _found(memory, text="ESPRESSO") == [1] and _found(memory, text="get /") == [2, 1]
    assert _found(memory, text="User") == [3, 1] and _found(memory, text="größe") == [1]
    assert _found(memory, text="it failed") == [2] and _found(memory, text="nowhere") == []
    assert _found(memory, text="users", attributes=(("zone", "Nord"),), error=False, service="orders") == [1]


def test_ids_are_found_by_their_beginning() -> None:
    memory = TraceMemory()
    memory.ingest(request(span(1, trace=0xABCD << 112), span(2, trace=0xABCE << 112), span(3, trace=1)))
    assert set(memory.ids("abc", 10)) == {f"{0xABCD << 112:032x}", f"{0xABCE << 112:032x}"}
    assert memory.ids("ABCD", 10) == (f"{0xABCD << 112:032x}",)
    assert len(memory.ids("", 2)) == 2 and memory.ids("ff", 10) == () and memory.ids("xy", 10) == ()


def test_services_and_operations_are_those_of_what_is_kept() -> None:
    memory = _filled()
    assert memory.services() == ("orders", "users")
    assert memory.operations("users") == ("Größe", "SELECT") and memory.operations("nobody") == ()


def test_listeners_hear_of_changes_and_removals_until_they_stop() -> None:
    memory = TraceMemory(Limits(traces=1))
    heard: list[tuple[Sequence[str], Sequence[str]]] = []
    stop = memory.listen(lambda changed, removed: heard.append((changed, removed)))
    memory.ingest(request(span(1, trace=1), span(2, trace=1)))
    memory.ingest(request(span(3, trace=2)))
    memory.pin(hex_id(2), True)
    stop(), stop()
    memory.ingest(request(span(4, trace=2)))
    assert heard == [([hex_id(1)], []), ([hex_id(2)], [hex_id(1)]), ([hex_id(2)], [])]


def test_the_status_tells_what_is_kept_and_what_limits_cost() -> None:
    memory = TraceMemory(Limits(traces=1, spans_per_trace=2), clock_ns=lambda: 77)
    memory.ingest(request(*(span(number, 7, trace=1) for number in range(1, 5))))
    memory.ingest(request(span(9, trace=2, at=5)))
    status = memory.status()
    assert (status.traces, status.spans, status.received, status.started_ns) == (1, 1, 5, 77)
    assert status.oldest_ns == BEGIN_NS + 5 * MS and status.limits["spans_per_trace"] == 2
    assert (status.dropped, status.evicted) == ({"spans_per_trace": 2}, {"traces": 1})


def test_edges_are_those_of_a_window_and_follow_changes() -> None:
    memory = TraceMemory(clock_ns=lambda: BEGIN_NS + 100 * S)
    memory.ingest(request(span(1, trace=1, kind=3)))
    assert memory.edges(0) == ()
    memory.ingest(request(span(2, 1, trace=1, kind=2, ms=4), service="users"))
    memory.ingest(request(span(3, trace=2, at=95_000, kind=3)))
    memory.ingest(request(span(4, 3, trace=2, at=95_000, kind=2), service="users"))
    (edge,) = memory.edges(0)
    assert (edge.caller, edge.target, edge.calls) == ("orders", "users", 2)
    (edge,) = memory.edges(10)
    assert (edge.calls, edge.rate) == (1, 0.1)
    assert memory.edges(1) == ()


def test_a_trace_waits_until_its_spans_are_there() -> None:
    memory = TraceMemory()
    memory.ingest(request(span(2, 1)))
    assert memory.waits_for(hex_id(1)) == "the root has not ended, 1 parent has not arrived"
    memory.ingest(request(span(1)))
    assert memory.waits_for(hex_id(1)) == ""


def test_a_trace_of_200000_spans_is_bounded() -> None:
    memory = TraceMemory(Limits(spans_per_trace=10_000))
    for batch in range(200):
        memory.ingest(request(*(span(batch * 1000 + number, 7) for number in range(1, 1001))))
    summary = memory.summary(hex_id(1))
    assert summary and (summary.spans, summary.truncated) == (10_000, 190_000)
    assert len(memory.spans(hex_id(1))) == 10_000
    assert memory.status().dropped == {"spans_per_trace": 190_000}


def test_eight_senders_lose_nothing_while_others_read() -> None:
    memory, lock, done = TraceMemory(), threading.Lock(), threading.Event()

    def send(sender: int) -> None:
        for number in range(60):
            body = request(*(span(sender * 1000 + number + 1, trace=one, at=one) for one in range(1, 30)))
            with lock:
                memory.ingest(body)

    def read() -> int:
        rounds = 0
        while not done.is_set():
            found = memory.search(TraceQuery(text="work", limit=50))
            assert len({one.trace_id for one in found}) == len(found)
            assert all(len(memory.spans(one.trace_id)) >= one.spans for one in found)
            memory.edges(0), memory.status(), memory.services()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(10) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        for sender in [threads.submit(send, number) for number in range(8)]:
            sender.result()
        done.set()
        assert all(reader.result() for reader in readers)
    assert memory.status().spans == 8 * 60 * 29
    assert {len(memory.spans(hex_id(one))) for one in range(1, 30)} == {480}


def test_memory_stays_within_its_bytes_whatever_comes() -> None:
    memory = TraceMemory(Limits(bytes=300_000))
    for number in range(1, 400):
        memory.ingest(
            request(span(number, trace=number, attributes={"text": "x" * (number * 37 % 5000)}), host=f"h{number}")
        )
        assert memory.status().bytes <= 302_000
    assert memory.status().evicted["bytes"] > 100


def test_options_set_the_limits_and_zero_means_the_usual() -> None:
    memory = open_memory(CollectorOptions(max_traces=5))
    assert memory.status().limits == {"bytes": Limits().bytes, "traces": 5, "spans_per_trace": Limits().spans_per_trace}
    memory.ingest(request(*(span(1, trace=number) for number in range(1, 9))))
    assert memory.status().traces == 5 and memory.wire(trace_id(8).hex())
    memory.close()
