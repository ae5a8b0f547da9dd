"""The memory of traces within its limits."""

from __future__ import annotations

import random

from meshctl.core.traces.operations import NAME_COST, Operation
from meshctl.core.traces.store import TraceStore
from meshctl.core.traces.stored import CHUNK_COST, TRACE_COST, Limits, SpanBatch, SpanRow
from tests.spans import BEGIN_NS, MS


def _row(name: str = "work", at: float = 0, ms: float = 1, size: int = 100, **more: bool) -> SpanRow:
    start = BEGIN_NS + int(at * MS)
    return (b"x" * size, name, start, start + int(ms * MS), more.get("root", True), more.get("error", False))


def _id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _add(store: TraceStore, trace: int, *rows: SpanRow, service: str = "orders") -> int:
    return store.add(
        SpanBatch(b"resource of " + service.encode(), b"scope", service, {_id(trace): list(rows or [_row()])})
    )


def _order(store: TraceStore) -> list[int]:
    return [int.from_bytes(trace.trace_id, "big") for trace in store.timeline.newest()]


def _room_for(traces: int, size: int = 100) -> Limits:
    return Limits(bytes=traces * (TRACE_COST + CHUNK_COST + size + 64) + 2 * NAME_COST + 300)


def test_a_summary_tells_root_times_services_and_errors() -> None:
    store = TraceStore()
    _add(store, 1, _row("inner", at=1, ms=2, root=False, error=True), service="users")
    early = store.traces[_id(1)].summary()
    assert (early.service, early.name, early.has_root, early.duration_ns) == ("users", "inner", False, 2 * MS)
    _add(store, 1, _row("POST /", at=0, ms=9), _row("inner", at=3, root=False))
    summary = store.traces[_id(1)].summary()
    assert (summary.service, summary.name, summary.has_root) == ("orders", "POST /", True)
    assert (summary.start_ns, summary.duration_ns, summary.spans, summary.errors) == (BEGIN_NS, 9 * MS, 3, 1)
    assert summary.services == {"users": 1, "orders": 2} and summary.revision > early.revision


def test_of_several_roots_the_earliest_counts() -> None:
    store = TraceStore()
    _add(store, 1, _row("late", at=5), _row("first", at=1), _row("middle", at=3))
    assert store.traces[_id(1)].summary().name == "first"


def test_a_clock_that_was_never_set_does_not_stretch_the_trace() -> None:
    store = TraceStore()
    never = (b"x", "never set", 0, 5, False, False)
    for number, rows in enumerate(([never, _row("good", root=False)], [_row("good", root=False), never]), 1):
        _add(store, number, *rows)
        summary = store.traces[_id(number)].summary()
        assert (summary.name, summary.start_ns, summary.duration_ns) == ("good", BEGIN_NS, MS)
    _add(store, 3, never)
    assert store.traces[_id(3)].summary().start_ns == 0 and store.timeline.oldest_ns() == BEGIN_NS


def test_a_root_that_ends_before_it_starts_takes_no_time() -> None:
    store = TraceStore()
    _add(store, 1, _row(ms=-5))
    assert store.traces[_id(1)].summary().duration_ns == 0


def test_newest_first_by_start_whatever_came_first() -> None:
    store = TraceStore()
    for number, at in enumerate((5, 1, 3_000, 9_000_000, 2), 1):
        _add(store, number, _row(at=at))
    assert _order(store) == [4, 3, 1, 5, 2]
    _add(store, 2, _row("earlier", at=-5_000_000))
    assert _order(store) == [4, 3, 1, 5, 2]
    _add(store, 6, _row("inner", at=4, root=False))
    _add(store, 6, _row("root", at=20_000_000))
    assert _order(store) == [6, 4, 3, 1, 5, 2]


def test_plain_traces_go_first_the_oldest_before_all() -> None:
    store = TraceStore(_room_for(4))
    _add(store, 1, _row(error=True))
    for number in range(2, 7):
        _add(store, number)
    assert set(_order(store)) == {1, 4, 5, 6}
    assert store.evicted == {"bytes": 2} and store.bytes <= store.limits.bytes


def test_precious_traces_take_about_half_the_room_at_most() -> None:
    store = TraceStore(_room_for(10))
    for number in range(1, 6):
        _add(store, number)
    for number in range(10, 40):
        _add(store, number, _row(error=True))
    for number in range(50, 53):
        _add(store, number)
    kept = _order(store)
    assert set(kept) >= {50, 51, 52}
    assert 4 <= sum(10 <= number < 40 for number in kept) <= 8


def test_slow_traces_outlive_quick_ones() -> None:
    store = TraceStore(Limits(traces=40))
    for number in range(1, 31):
        _add(store, number, _row(ms=10))
    _add(store, 100, _row(ms=80))
    for number in range(200, 260):
        _add(store, number, _row(ms=10))
    assert 100 in _order(store) and len(store.traces) == 40
    assert store.evicted["traces"] == 51


def test_one_in_twenty_is_slow_and_equal_ones_never() -> None:
    operation, chance = Operation("orders", "GET /"), random.Random(1)
    spread = [operation.is_slow(int(chance.uniform(1, 100) * MS)) for _ in range(2_000)]
    assert sum(spread[100:]) < 190
    steady = Operation("orders", "GET /same")
    assert not any(steady.is_slow(10 * MS) for _ in range(2_000))
    assert steady.is_slow(20 * MS)


def test_the_limit_on_traces_counts_too() -> None:
    store = TraceStore(Limits(traces=3))
    for number in range(1, 6):
        _add(store, number)
    assert sorted(store.traces) == [_id(3), _id(4), _id(5)] and store.evicted == {"traces": 2}


def test_pinned_traces_stay_and_when_there_are_only_such_new_spans_are_dropped() -> None:
    store = TraceStore(_room_for(3))
    for number in (1, 2, 3):
        _add(store, number)
        assert store.pin(_id(number), True)
    assert _add(store, 4) == 1
    assert store.dropped == {"pinned full": 1} and len(store.traces) == 3
    assert store.pin(_id(2), False) and _add(store, 4) == 0
    assert set(_order(store)) == {1, 3, 4}


def test_there_are_so_many_pins_and_none_of_what_is_not_here() -> None:
    store = TraceStore(Limits(pins=1))
    _add(store, 1), _add(store, 2)
    assert store.pin(_id(1), True) and store.pin(_id(1), True)
    assert not store.pin(_id(2), True) and not store.pin(_id(9), True)
    assert store.traces[_id(1)].summary().pinned and store.pinned() == [_id(1)]
    assert store.pin(_id(2), False)


def test_a_long_trace_keeps_its_first_spans_and_a_few_roots() -> None:
    store = TraceStore(Limits(spans_per_trace=10, root_reserve=2))
    lost = _add(store, 1, *(_row(f"n{n}", root=False) for n in range(15)))
    assert (lost, store.traces[_id(1)].truncated, store.traces[_id(1)].spans) == (5, 5, 10)
    lost = _add(store, 1, _row("root"), _row("x", root=False), _row("root 2"), _row("root 3"))
    summary = store.traces[_id(1)].summary()
    assert (lost, summary.truncated, summary.spans, summary.has_root) == (2, 7, 12, True)
    assert store.dropped == {"spans_per_trace": 7}


def test_one_trace_takes_half_of_all_bytes_at_most() -> None:
    store = TraceStore(Limits(bytes=40_000))
    lost = sum(_add(store, 1, _row(size=1000, root=False)) for _ in range(40))
    assert 20 <= lost < 30 and store.traces[_id(1)].truncated == lost == store.dropped["bytes"]
    assert _add(store, 2, _row(size=30_000)) == 1 and _id(2) not in store.traces


def test_late_spans_of_an_evicted_trace_start_it_anew() -> None:
    store = TraceStore(Limits(traces=1))
    _add(store, 1)
    before = store.traces[_id(1)].revision
    _add(store, 2)
    _add(store, 1, _row("late", root=False))
    trace = store.traces[_id(1)]
    assert trace.spans == 1 and trace.revision > before and not trace.summary().has_root


def test_what_changed_and_what_went_is_told_once() -> None:
    store = TraceStore(Limits(traces=2))
    for number in (1, 2, 3):
        _add(store, number)
    assert store.drain() == ([_id(2), _id(3)], [_id(1)])
    assert store.drain() == ([], [])


def test_services_and_operations_go_with_their_last_trace() -> None:
    store = TraceStore(Limits(traces=2))
    _add(store, 1, _row("a"), service="users")
    _add(store, 2, _row("b"), _row("c"))
    assert store.operations.services() == ("orders", "users") and store.operations.names("orders") == ("b", "c")
    _add(store, 3, _row("c"))
    assert store.operations.services() == ("orders",) and store.operations.names("users") == ()


def test_what_is_counted_is_what_is_there() -> None:
    store, chance = TraceStore(Limits(traces=8)), random.Random(3)
    for number in range(500):
        names = [f"name {chance.randrange(20)}" for _ in range(chance.randrange(1, 4))]
        rows = [_row(name, error=chance.random() < 0.1) for name in names]
        _add(store, chance.randrange(40), *rows, service=f"service {number % 7}")
        if chance.random() < 0.05:
            store.pin(_id(chance.randrange(40)), chance.random() < 0.5)
    traces = list(store.traces.values())
    headers = {header for trace in traces for header in trace.headers}
    operations = {operation for trace in traces for operation in trace.operations}
    costs = sum(header.cost for header in headers) + sum(operation.cost for operation in operations)
    assert store.bytes == sum(trace.bytes for trace in traces) + costs
    assert store.spans == sum(trace.spans for trace in traces) and len(_order(store)) == len(traces) == 8
    assert store.evicted.total() > 100


def test_names_without_end_are_bounded_by_bytes() -> None:
    store = TraceStore(Limits(bytes=200_000))
    for number in range(3_000):
        _add(store, number, _row(f"GET /users/{number}"), service=f"service {number}")
        assert store.bytes <= store.limits.bytes + 2_000
    assert len(store.operations.services()) == len(store.traces)


def test_the_newest_are_found_without_looking_at_the_others() -> None:
    """What lies in older buckets is read when the newer ones are through."""
    store = TraceStore()
    for number in range(1, 301):
        _add(store, number, _row(at=number * 20))
    newest = store.timeline.newest()
    assert [int.from_bytes(next(newest).trace_id, "big") for _ in range(3)] == [300, 299, 298]
    store.timeline.remove(store.traces[_id(1)])
    assert _id(1) not in [trace.trace_id for trace in newest]
