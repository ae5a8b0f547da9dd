"""The comparison in words and as data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.core.traces.diff import diff
from meshctl.core.traces.waterfall import waterfall
from meshctl.model.traces import Span, SpanKind
from meshctl.present.lines import BAD, plain
from meshctl.present.run_cost import cost_data, cost_line
from meshctl.present.trace_data import plain_value, trace_data
from meshctl.present.trace_diff import diff_data, diff_lines
from tests.spans import TRACE, order, span, trace

CLIENT = SpanKind.CLIENT


def request(db: float, calls: int, *, error: bool = False, cache: bool = False) -> tuple[Span, ...]:
    loop = [span(n + 10, 1, name="SELECT items", at=30 + n, kind=CLIENT) for n in range(calls)]
    first = span(2, 1, "users", "cache get" if cache else "GetUser", at=1, ms=5, error=error)
    return span(1, name="GET /orders", ms=40 + db), first, span(3, 1, "store", "query", at=8, ms=db), *loop


BEFORE, AFTER = request(4, 1, cache=True), request(12.2, 12)


def test_every_kind_of_change_has_its_block() -> None:
    found = diff(waterfall(trace(*BEFORE)), waterfall(trace(*AFTER)))
    assert [plain(line).rstrip() for line in diff_lines(found, 110)] == [
        " 44.0 ms → 52.2 ms   +8.2 ms (+19%)   4 → 15 spans",
        f" before {TRACE}",
        f" after  {TRACE}",
        "",
        " slower",
        "    +11.0 ms     ×12  orders          SELECT items ← orders GET /orde…  1.0 ms → 12.0 ms self, 1 → 12 spans",
        "     +8.2 ms   +205%  store           query ← orders GET /orders        4.0 ms → 12.2 ms self",
        "",
        " faster",
        "    -11.0 ms    -32%  orders          GET /orders                       34.0 ms → 23.0 ms self",
        "",
        " new",
        "     +5.0 ms          users           GetUser ← orders GET /orders      5.0 ms in all",
        "",
        " gone",
        "     -5.0 ms          users           cache get ← orders GET /orders    5.0 ms in all",
        "",
        " N+1",
        "         ×12          orders          SELECT items ← orders GET /orde…  1 → 12 below one parent",
        "",
        " 0 operations took as long as before.",
    ]


def test_errors_that_came_are_red() -> None:
    lines = diff_lines(diff(waterfall(trace(*request(4, 1))), waterfall(trace(*request(4, 1, error=True)))), 100)
    failing = next(line for line in lines if "fails now" in plain(line))
    assert "✖" in plain(failing) and failing[0].tone == BAD


def test_of_many_changes_the_greatest_are_shown_and_the_rest_counted() -> None:
    many = [span(n + 2, 1, name=f"step {n}", at=n) for n in range(30)]
    found = diff(waterfall(trace(span(1, ms=90))), waterfall(trace(span(1, ms=90), *many)))
    shown = [plain(line) for line in diff_lines(found, 100, most=5)]
    assert sum("step" in line for line in shown) == 5
    assert "   … and 25 more" in shown


@pytest.mark.parametrize("width", [40, 60, 80, 120, 300])
def test_no_line_is_wider_than_the_terminal_counts_it(width: int) -> None:
    nasty = [replace(one, name="注文\x1b[2J" * 30, service="注" * 30) for one in AFTER]
    for line in diff_lines(diff(waterfall(trace(*BEFORE)), waterfall(trace(*nasty))), width):
        assert terminal_cells(plain(line)) <= width and plain(line).isprintable()


def test_the_same_as_data() -> None:
    data = json.loads(json.dumps(diff_data(diff(waterfall(trace(*BEFORE)), waterfall(trace(*AFTER))))))
    assert (data["change_ms"], data["before"]["spans"], data["after"]["duration_ms"]) == (8.2, 4, 52.2)
    assert data["repeated"] == [
        {
            "service": "orders",
            "name": "SELECT items",
            "kind": "client",
            "below": ["orders GET /orders"],
            "change_ms": 11.0,
            "change_total_ms": 11.0,
            "before": {"count": 1, "self_ms": 1.0, "total_ms": 1.0, "errors": 0, "under_one_parent": 1},
            "after": {"count": 12, "self_ms": 12.0, "total_ms": 12.0, "errors": 0, "under_one_parent": 12},
        }
    ]
    assert [change["before"] for change in data["new"]] == [None]


def test_a_trace_as_data_has_every_span_with_its_parent() -> None:
    made = order()
    data = json.loads(json.dumps(trace_data(made, waterfall(made))))
    ids = {one["span_id"] for one in data["spans"]}
    assert all(one["parent_id"] in ids for one in data["spans"][1:])
    assert [one["depth"] for one in data["spans"]] == [0, 1, 2, 3, 4, 2, 3, 4, 2, 3, 4, 5]
    assert (data["duration_ms"], data["critical_path_ms"], data["services"]["orders"], data["errors"]) == (40, 40, 4, 0)
    assert data["spans"][11]["marks"] == ["after the root ended"]
    assert data["spans"][11]["critical"] is False and data["spans"][0]["critical"] is True


def test_values_that_json_has_no_words_for() -> None:
    value = {"a": b"\xff", "b": (1, float("nan")), "c": {"d": [float("-inf"), 2**70]}}
    assert plain_value(value) == {"a": "/w==", "b": [1, "nan"], "c": {"d": ["-inf", 2**70]}}


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([], "; there is no earlier one to compare it with."),
        ([80_000_000], ", 40.0 ms faster than the run before (80.0 ms)."),
        ([10_000_000, 30_000_000, 90_000_000], ", 10.0 ms slower than the median of the 3 runs before (30.0 ms)."),
        ([40_500_000, 39_500_000], ", as the median of the 2 runs before (40.0 ms)."),
    ],
)
def test_what_a_run_cost_against_those_before(before: list[int], told: str) -> None:
    assert plain(cost_line(waterfall(order()), before)) == f" This run took 40.0 ms{told}"


def test_the_cost_as_data() -> None:
    assert cost_data(waterfall(order()), [30_000_000]) == {
        "duration_ms": 40.0,
        "runs_before": 1,
        "median_before_ms": 30.0,
        "change_ms": 10.0,
    }
    assert cost_data(waterfall(order()), [])["change_ms"] is None
