"""What is typed above the list of traces, and which traces that leaves."""

from __future__ import annotations

import pytest

from meshctl.core.traces.listing import AGAIN_S, ShownTraces
from meshctl.core.traces.search import LIMIT, TraceFilter, parse_filter
from meshctl.model.traces import TraceQuery
from tests.spans import summary
from tests.tui.desk import some

MS = 1_000_000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", TraceFilter()),
        (">100ms", TraceFilter(min_ns=100 * MS)),
        (">=1.5s <2m", TraceFilter(min_ns=1_500 * MS, max_ns=120_000 * MS)),
        (">40 <200us", TraceFilter(min_ns=40 * MS, max_ns=200_000)),
        ("Error POST", TraceFilter(error=True, words=("post",))),
        ("service:orders pinned", TraceFilter(services=("orders",), pinned=True)),
        ("op:GetUser sku=a=b", TraceFilter(operation="GetUser", attributes=(("sku", "a=b"),))),
        ("http://x >fast = a:", TraceFilter(words=("http://x", ">fast", "=", "a:"))),
        ("service: sku=", TraceFilter()),
    ],
)
def test_words_become_conditions(text: str, wanted: TraceFilter) -> None:
    """What is not understood is looked for; what is half typed does nothing yet."""
    assert parse_filter(text) == wanted


def test_everything_reaches_the_collector() -> None:
    """The query says the same."""
    query = parse_filter("service:orders op:GetUser error >10ms <1s sku=tea out of stock").query()
    assert query == TraceQuery(
        "orders", "GetUser", 10 * MS, 1_000 * MS, True, (("sku", "tea"),), text="out of stock", limit=LIMIT
    )


def numbers(shown: ShownTraces) -> list[int]:
    return [int(row.trace_id, 16) for row in shown.rows()][:10]


def shown_of(text: str) -> ShownTraces:
    shown = ShownTraces()
    shown.take(tuple(some()))
    shown.narrow(text, len(some()))
    return shown


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("orders GET", [90, 40]),
        ("4bf92f", [int("4bf92f3577b34da6a3ce929d0e0e4736", 16)]),
        ("pinned", [50]),
        ("service:worker", [60, int("4bf92f3577b34da6a3ce929d0e0e4736", 16)]),
        ("error <1s", [30]),
    ],
)
def test_a_summary_is_judged_by_its_words(text: str, left: list[int]) -> None:
    """Name, services, id, duration, errors, pin."""
    assert numbers(shown_of(text)) == left


def test_only_a_search_tells_attributes() -> None:
    """Nothing is shown before it has answered; then only what it found and what the rest of the filter allows."""
    shown = shown_of("sku=tea >5ms")
    assert numbers(shown) == []
    shown.found = (summary(80, ms=1.0), summary(70, ms=2043.0), summary(3, ms=7.0, at=-5_000))
    assert numbers(shown) == [70, 3]


def test_what_a_search_found_is_as_new_as_the_list() -> None:
    """A row that the list knows too is the list's."""
    shown = shown_of("sku=tea")
    shown.found = (summary(80, ms=1.0, spans=1),)
    assert shown.rows()[0].spans == 3


def test_words_are_found_by_the_list_and_by_the_search() -> None:
    """Both together, newest first, each once."""
    shown = shown_of("users")
    before = numbers(shown)
    shown.found = (summary(80), summary(3, at=-5_000))
    assert numbers(shown) == [*before, 3]


def test_another_filter_forgets_what_was_found() -> None:
    """Unless only a search can tell: the rows stay until it has answered."""
    shown = shown_of("sku=te")
    shown.found = tuple(some()[:2])
    shown.narrow("sku=tea", None)
    assert numbers(shown) == [90, 80]
    shown.narrow("echo", None)
    assert shown.found is None
    assert numbers(shown) == [20]


def test_a_held_list_does_not_change() -> None:
    """It counts what came; filters and order still work on it."""
    shown = ShownTraces()
    shown.take(tuple(some()[1:]))
    shown.hold(True)
    shown.take(tuple(some()))
    assert shown.newer == 1
    assert shown.kept == 9
    shown.slowest_first = True
    assert numbers(shown)[0] == 10
    shown.hold(False)
    assert shown.kept == 10


@pytest.mark.parametrize(
    ("text", "kept", "asked"),
    [
        ("", None, False),
        ("pinned", 5_000, False),
        ("service:orders >1ms", 10, False),
        ("service:orders >1ms", 5_000, True),
        ("service:orders", None, True),
        ("tea", 10, True),
        ("sku=tea", 10, True),
    ],
)
def test_the_collector_is_asked_for_what_the_list_cannot_tell(text: str, kept: int | None, asked: bool) -> None:
    """Attributes and words at any time, the rest where it keeps more than the list."""
    shown = ShownTraces()
    shown.take(tuple(some()))
    assert shown.narrow(text, kept) is asked
    assert shown.searching is asked


def test_an_answer_to_an_older_question_is_dropped() -> None:
    """Somebody has typed on meanwhile."""
    shown = shown_of("sku=te")
    older = shown.filter
    shown.narrow("sku=tea", None)
    assert not shown.answered(older, tuple(some()), "", 1.0)
    assert shown.found is None
    assert shown.searching
    assert shown.answered(shown.filter, None, "no collector answers", 1.0)
    assert (shown.searching, shown.trouble) == (False, "no collector answers")
    shown.narrow("sku=teas", None)
    assert shown.trouble == ""


def test_what_only_the_collector_can_judge_is_asked_again() -> None:
    """Not more often than is bearable, not while it is being asked or the list is held."""
    shown = shown_of("sku=tea")
    assert not shown.due(AGAIN_S)
    shown.answered(shown.filter, (), "", 10.0)
    assert not shown.due(10.0 + AGAIN_S / 2)
    shown.hold(True)
    assert not shown.due(10.0 + AGAIN_S)
    shown.hold(False)
    assert shown.due(10.0 + AGAIN_S)
    assert not shown.due(10.0 + AGAIN_S)
    shown.narrow("service:orders", None)
    shown.answered(shown.filter, (), "", 20.0)
    assert not shown.due(20.0 + AGAIN_S)
