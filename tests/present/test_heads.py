"""What stands above a list: what it is of, how it is narrowed, how much there is."""

from __future__ import annotations

from meshctl.core.traces.listing import ShownTraces
from meshctl.present.heads import compare_head, logs_head, map_head, rule, traces_head, why_head
from meshctl.present.lines import plain
from tests.tui.desk import some

WIDTH = 100


def of_traces(listing: ShownTraces, shown: int = 10, above: int = 0, compare_with: str = "") -> str:
    return plain(traces_head(listing, shown, above, compare_with, WIDTH))


def listing() -> ShownTraces:
    made = ShownTraces()
    made.take(tuple(some()))
    return made


def test_logs_of_one_service_or_of_all() -> None:
    assert plain(logs_head("users", True, 5, 5, WIDTH)).split() == [
        "logs",
        "of",
        "users",
        "▶",
        "following",
        "5",
        "lines",
    ]
    assert "logs of all services  ‖ held, space follows" in plain(logs_head("", False, 5_000, 17, WIDTH))
    assert plain(logs_head("", False, 5_000, 17, WIDTH)).endswith("17 of 5,000 lines ")


def test_a_list_of_traces_that_follows() -> None:
    assert of_traces(listing()).startswith(" ▶ following")
    assert of_traces(listing()).endswith("10 traces · newest first ")
    assert of_traces(listing(), above=1_204).startswith(" ▲ 1,204 above, home follows")
    assert of_traces(ShownTraces(), shown=0).strip() == "0 traces · newest first"


def test_a_list_of_traces_that_is_narrowed() -> None:
    """By a search, a failure of it, errors alone, another order."""
    made = listing()
    made.narrow("sku=tea", None)
    assert "◌ searching the collector…" in of_traces(made)
    made.answered(made.filter, None, "no collector answers", 0.0)
    assert "✖ no collector answers" in of_traces(made)
    made.answered(made.filter, (), "", 0.0)
    assert "⌕ found by the collector" in of_traces(made)
    made.only_errors = made.slowest_first = True
    assert of_traces(made, shown=2).endswith("2 of 10 traces · slowest first · only errors ")


def test_a_held_list_counts_what_came() -> None:
    made = ShownTraces()
    made.take(tuple(some()[2:]))
    made.hold(True)
    assert "‖ held, space follows" in of_traces(made, shown=8)
    made.take(tuple(some()))
    assert "‖ held, 2 newer, space follows" in of_traces(made, shown=8)


def test_the_other_trace_is_asked_for() -> None:
    assert of_traces(listing(), compare_with="4bf92f3577b34da6").startswith(" compare 4bf92f3577b3 with…  ▶ following")


def test_findings_are_counted() -> None:
    assert plain(why_head(1, WIDTH)).endswith(" 1 finding ")
    assert plain(why_head(2, WIDTH)).startswith(" what is wrong, cause first")
    assert plain(why_head(2, WIDTH)).endswith(" 2 findings ")


def test_the_others_fill_their_line() -> None:
    assert plain(map_head("the last minute", 9, WIDTH)).startswith(" calls in the last minute  d changes")
    assert plain(map_head("the last minute", 9, WIDTH)).endswith("9 edges ")
    assert plain(compare_head(WIDTH)).startswith(" two traces compared")
    assert plain(rule("events", 20)) == "─ events ───────────"
    assert {len(plain(line)) for line in (map_head("x", 1, WIDTH), compare_head(WIDTH), rule("calls", WIDTH))} == {
        WIDTH
    }
