"""A trace as rows."""

from __future__ import annotations

from meshctl.core.traces.waterfall import waterfall
from meshctl.model.spans import SpanKind
from meshctl.model.waterfall import Mark, Waterfall
from tests.spans import BEGIN_NS, MS, order, span, trace

CLIENT = SpanKind.CLIENT


def drawing(w: Waterfall) -> list[str]:
    """``  orders GetUser 2-8.1``: indent, service, name, times in ms."""
    return [
        f"{'  ' * row.depth}{row.span.service} {row.span.name} {row.start_ns / MS:g}-{row.end_ns / MS:g}"
        for row in w.rows
    ]


def test_an_order_over_six_services() -> None:
    w = waterfall(order())
    assert drawing(w) == [
        "meshctl POST /orders/ 0-40",
        "  orders POST /orders/ 1-39.2",
        "    orders GetUser 2-8.1",
        "      users GetUser 3-7",
        "        users SELECT users 4-6",
        "    orders POST /reserve 9-20.3",
        "      inventory POST /reserve 10-19.2",
        "        inventory UPDATE items 11-16",
        "    orders orders publish 22-25",
        "      notifications orders process 27-36",
        "        notifications apply_async/send_email 29-32",
        "          worker run/send_email 34-75",
    ]
    assert (w.start_ns, w.duration_ns, w.root_ns, w.critical_ns) == (BEGIN_NS, 75 * MS, 40 * MS, 40 * MS)
    assert dict(w.services) == {"meshctl": 1, "orders": 4, "users": 2, "inventory": 2, "notifications": 2, "worker": 1}
    assert (w.errors, w.truncated, w.notes) == (0, 0, ())


def test_rows_know_their_place_their_own_time_and_where_they_went() -> None:
    rows = waterfall(order()).rows
    assert [row.parent for row in rows] == [-1, 0, 1, 2, 3, 1, 5, 6, 1, 8, 9, 10]
    assert [row.descendants for row in rows] == [11, 10, 2, 1, 0, 2, 1, 0, 3, 2, 1, 0]
    assert rows[2].self_ns == 6.1 * MS - 4 * MS
    assert {row.span.name: row.target for row in rows if row.target} == {
        "POST /orders/": "orders",
        "GetUser": "users",
        "POST /reserve": "inventory",
        "orders publish": "notifications",
        "apply_async/send_email": "worker",
    }


def test_the_critical_path_goes_through_the_calls_but_not_through_the_queue() -> None:
    rows = waterfall(order()).rows
    assert [bool(row.critical) for row in rows] == [True] * 9 + [False] * 3
    assert rows[4].critical == ((4 * MS, 6 * MS),)


def test_the_order_of_arrival_does_not_matter() -> None:
    spans = order().spans
    assert drawing(waterfall(trace(*reversed(spans)))) == drawing(waterfall(trace(*spans)))


def test_nothing_gives_nothing() -> None:
    w = waterfall(trace(truncated=3))
    assert (w.rows, w.duration_ns, w.notes) == ((), 0, ("3 spans more kept out by the collector's limits.",))


def test_without_a_root_the_first_orphan_stands_for_it() -> None:
    w = waterfall(trace(span(2, 1, at=5, ms=10), span(3, 1, at=12, ms=20)))
    assert drawing(w) == ["orders work 2 0-10", "orders work 3 7-27"]
    assert (w.root_ns, w.critical_ns) == (27 * MS, 10 * MS)
    assert all(row.marks == (Mark.ORPHAN,) for row in w.rows)
    assert w.notes == ("2 spans came without their parent; they stand as roots.", "The root has not arrived.")


def test_what_is_still_missing_is_told() -> None:
    assert waterfall(trace(span(1), waits_for="1 parent")).notes == ("Not complete yet: 1 parent.",)


def test_requests_in_a_loop_are_told() -> None:
    calls = [span(n, 1, name="SELECT items", at=n, kind=CLIENT) for n in range(2, 9)]
    assert waterfall(trace(span(1, name="GET /orders", ms=40), *calls)).notes == (
        "N+1: SELECT items 7 times below orders GET /orders.",
    )


def test_retries_and_work_of_its_own_are_no_loop() -> None:
    retries = [span(n, 1, name="GET", at=n * 2, kind=CLIENT, error=True) for n in range(2, 9)]
    work = [span(n, 1, name="step", at=n) for n in range(20, 30)]
    assert waterfall(trace(span(1, ms=40), *retries, *work)).notes == ()


def test_a_chain_of_fifty_thousand_spans_is_laid_out() -> None:
    count = 50_000
    spans = [span(n + 1, n, start_ns=BEGIN_NS + n, duration_ns=200_000 - 2 * n) for n in range(count)]
    w = waterfall(trace(*reversed(spans)))
    assert [w.rows[-1].depth, w.rows[0].descendants, len(w.rows)] == [count - 1, count - 1, count]
    assert w.critical_ns == 200_000


def test_fifty_thousand_spans_in_a_circle_are_laid_out() -> None:
    count = 50_000
    w = waterfall(trace(*(span(n + 1, n or count) for n in range(count))))
    assert (len(w.rows), w.rows[-1].depth) == (count, count - 1)
