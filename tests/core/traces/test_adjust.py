"""What senders get wrong is put right, told, and never fatal."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.adjust import (
    FAR_NS,
    adjusted,
    break_cycles,
    clamp_durations,
    clamp_far_times,
    correct_clock_skew,
    deduplicated,
    mark_orphans,
    note_roots,
)
from meshctl.core.traces.waterfall.tree import SpanColumns, columns_of
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanStatus
from meshctl.model.waterfall import Mark
from tests.spans import BEGIN_NS, MS, span, trace

CLIENT, SERVER = SpanKind.CLIENT, SpanKind.SERVER


def at_ms(columns: SpanColumns) -> list[float]:
    return [(start - BEGIN_NS) / MS for start in columns.starts]


def marked(columns: SpanColumns) -> dict[int, set[Mark]]:
    return {index: set(marks) for index, marks in columns.marks.items()}


def test_of_the_same_span_the_one_that_says_most_is_kept() -> None:
    full = span(1, attributes={"a": 1}, events=(SpanEvent("x", 0),))
    assert deduplicated([span(1, ms=0), full, span(2), span(1)]) == (full, span(2))


def test_of_equals_the_last_is_kept_in_the_place_of_the_first() -> None:
    assert [s.name for s in deduplicated([span(1, name="old"), span(2), span(1, name="new")])] == ["new", "work 2"]


def test_spans_without_an_id_are_not_taken_for_one() -> None:
    assert len(deduplicated([span(1, span_id=""), span(2, span_id="")])) == 2


def test_duplicates_are_told() -> None:
    assert adjusted([span(1), span(1), span(1)]).notes == ("2 spans came more than once.",)


def test_an_orphan_is_marked_and_a_root_is_not() -> None:
    columns = mark_orphans(columns_of((span(1), span(2, 1), span(3, 99))))
    assert (list(columns.parents), marked(columns)) == ([-1, 0, -1], {2: {Mark.ORPHAN}})
    assert columns.notes == ("1 span came without its parent; it stands as a root.",)


def test_a_circle_is_cut_at_its_earliest_span() -> None:
    spans = (span(1, 3, at=5), span(2, 1, at=2), span(3, 2, at=9), span(4, 3))
    columns = break_cycles(columns_of(spans))
    assert list(columns.parents) == [2, -1, 1, 2]
    assert columns.notes == ("Parents go round in a circle; it was cut at work 2.",)


def test_a_span_that_is_its_own_parent_becomes_a_root() -> None:
    assert list(break_cycles(columns_of((span(1, 1), span(2, 1)))).parents) == [-1, 0]


def test_every_circle_of_several_is_cut_once() -> None:
    spans = (span(1, 2), span(2, 1), span(3, 4, at=2), span(4, 3, at=1))
    assert list(break_cycles(columns_of(spans)).parents) == [-1, 0, 3, -1]


def test_a_span_that_ends_before_it_starts_has_no_length() -> None:
    columns = clamp_durations(columns_of((span(1, ms=-4), span(2, ms=0), span(3))))
    assert list(columns.durations) == [0, 0, MS]
    assert marked(columns) == {0: {Mark.SKEWED}}
    assert columns.notes == ("1 span ends before it starts, drawn without length.",)


def test_times_in_1970_are_put_beside_the_parent_and_what_is_below_moves_along() -> None:
    spans = (span(1, ms=40), span(2, 1, start_ns=5_000), span(3, 2, start_ns=5_000 + MS), span(4, 1, at=3))
    columns = clamp_far_times(columns_of(spans))
    assert at_ms(columns) == [0, 0, 1, 3]
    assert marked(columns) == {1: {Mark.SKEWED}, 2: {Mark.SKEWED}}
    assert columns.notes == ("2 spans with times far from the rest, drawn beside their parents.",)


def test_a_root_in_1970_is_put_where_the_others_begin() -> None:
    assert at_ms(clamp_far_times(columns_of((span(1, start_ns=0), span(2, 1, at=4), span(3, 1, at=2))))) == [2, 4, 2]


def test_one_span_that_never_ended_does_not_stretch_the_trace() -> None:
    spans = (span(1, ms=40), span(2, 1, at=3, duration_ns=2**63), span(3, 1, start_ns=0, duration_ns=BEGIN_NS + 7 * MS))
    columns = clamp_far_times(columns_of(spans))
    assert (list(columns.durations), at_ms(columns)) == ([40 * MS, 0, 7 * MS], [0, 3, 0])


def test_a_trace_that_is_all_of_1970_is_left_alone() -> None:
    columns = columns_of((span(1, start_ns=0), span(2, 1, start_ns=MS)))
    assert clamp_far_times(columns) is columns


def test_a_long_wait_is_no_wrong_clock() -> None:
    columns = columns_of((span(1), span(2, 1, start_ns=BEGIN_NS + FAR_NS)))
    assert clamp_far_times(columns) is columns


@pytest.mark.parametrize("offset", [-5_000.0, -2.0, 13.0, 5_000.0])
def test_a_server_on_another_clock_is_moved_into_the_middle_of_its_client(offset: float) -> None:
    spans = (
        span(1, ms=12, kind=CLIENT),
        span(2, 1, "users", at=offset, ms=8, kind=SERVER),
        span(3, 2, "users", at=offset + 3, ms=2),
    )
    columns = correct_clock_skew(columns_of(spans))
    assert at_ms(columns) == [0, 2, 5]
    assert marked(columns) == {1: {Mark.SKEWED}, 2: {Mark.SKEWED}}
    assert columns.notes == (f"Clocks were brought into step: users-1 by {2 - offset:+,.1f} ms.",)


def test_each_clock_is_corrected_by_itself() -> None:
    spans = (
        span(1, ms=12, kind=CLIENT),
        span(2, 1, "users", at=900, ms=10, kind=SERVER),
        span(3, 2, "users", at=902, ms=4, kind=CLIENT),
        span(4, 3, "store", at=-300, ms=2, kind=SERVER),
    )
    assert at_ms(correct_clock_skew(columns_of(spans))) == [0, 1, 3, 4]


@pytest.mark.parametrize(
    ("why", "server"),
    [
        ("it lies inside already", span(2, 1, "users", at=1, ms=8, kind=SERVER)),
        ("it began in time and tidies up for longer", span(2, 1, "users", at=6, ms=11, kind=SERVER)),
        ("it is the same instance", span(2, 1, at=50, ms=8, kind=SERVER)),
        ("it is longer than its client", span(2, 1, "users", at=-50, ms=13, kind=SERVER)),
        ("it is no server", span(2, 1, "users", at=-50, kind=SpanKind.CONSUMER)),
    ],
)
def test_a_span_is_left_where_it_is_when(why: str, server: Span) -> None:
    columns = columns_of((span(1, ms=12, kind=CLIENT), server))
    assert correct_clock_skew(columns) is columns, why


def test_a_request_whose_caller_sends_no_spans_is_a_root() -> None:
    columns = adjusted((span(1, 9, kind=SERVER), span(2, 1)))
    assert (columns.notes, marked(columns)) == (("Whoever called orders has sent no span.",), {})


def test_several_roots_are_told_and_so_is_none() -> None:
    assert note_roots(columns_of((span(1), span(2)))).notes == ("The trace has 2 roots.",)
    assert note_roots(mark_orphans(columns_of((span(1, 9),)))).notes[-1] == "The root has not arrived."
    assert note_roots(columns_of((span(1),))).notes == ()


def test_what_is_right_is_not_touched() -> None:
    columns = adjusted((span(1, ms=5), span(2, 1), span(3, 1, ms=0)))
    assert (columns.notes, dict(columns.marks)) == ((), {})


def test_nothing_that_a_sender_may_say_is_fatal() -> None:
    """10,000 random traces of wrong spans: every span has its row, and rows lie within the trace."""
    dice = random.Random(3)
    times = (0, 1, BEGIN_NS, BEGIN_NS + 5 * MS, 2**63, 2**64 - 1)
    for _ in range(10_000):
        spans = [
            replace(
                span(dice.randrange(6), dice.randrange(8), dice.choice("ab"), kind=dice.choice(list(SpanKind))),
                start_ns=dice.choice(times),
                duration_ns=dice.choice((0, 1, -MS, 9 * MS, 2**64, -(2**63))),
                status=dice.choice(list(SpanStatus)),
                name=dice.choice(("", "x")),
            )
            for _ in range(dice.randrange(8))
        ]
        w = waterfall(trace(*spans))
        assert {row.span.span_id for row in w.rows} == {s.span_id for s in spans}
        assert all(0 <= row.start_ns <= row.end_ns <= w.duration_ns for row in w.rows)
        assert all(0 <= row.self_ns <= row.duration_ns for row in w.rows)
