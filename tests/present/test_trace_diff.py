"""The comparison in words and as data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len as terminal_cells

from meshctl.core.traces.diff import diff
from meshctl.core.traces.waterfall import waterfall
from meshctl.model.spans import Span, SpanKind
from meshctl.present.lines import BAD, plain
from meshctl.present.run_cost import cost_line, run_cost
from meshctl.present.trace_diff import diff_lines
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
    assert plain(cost_line(run_cost(waterfall(order()), before))) == f" This run took 40.0 ms{told}"
