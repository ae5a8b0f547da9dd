"""Two traces of the same kind compared."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.traces.diff import TraceDiff, diff
from meshctl.core.traces.waterfall import waterfall
from meshctl.model.spans import Span, SpanKind
from tests.spans import MS, order, span, trace

CLIENT = SpanKind.CLIENT


def compared(before: tuple[Span, ...], after: tuple[Span, ...]) -> TraceDiff:
    return diff(waterfall(trace(*before)), waterfall(trace(*after)))


def test_a_trace_compared_with_itself_has_not_changed() -> None:
    w = waterfall(order())
    found = diff(w, w)
    assert (found.slower, found.faster, found.new, found.gone, found.errors, found.repeated) == ((),) * 6
    assert (found.unchanged, found.spans, found.before_ns, found.after_ns) == (12, (12, 12), 40 * MS, 40 * MS)


def test_what_got_slower_is_blamed_on_the_step_itself_and_not_on_those_above() -> None:
    def request(ms: float) -> tuple[Span, ...]:
        return (
            span(1, ms=30 + ms, name="GET /"),
            span(2, 1, at=5, ms=20 + ms, name="load"),
            span(3, 2, at=6, ms=ms, name="db"),
        )

    found = compared(request(4), request(12))
    assert [(c.step.name, c.self_ns, c.total_ns) for c in found.slower] == [("db", 8 * MS, 8 * MS)]
    assert [step.name for step in found.slower[0].above] == ["GET /", "load"]
    assert (found.faster, found.unchanged, found.after_ns - found.before_ns) == ((), 2, 8 * MS)
    back = compared(request(12), request(4))
    assert [(c.step.name, c.self_ns) for c in back.faster] == [("db", -8 * MS)]


def test_the_greatest_difference_comes_first() -> None:
    before = (span(1, ms=100), span(2, 1, name="a", ms=10), span(3, 1, name="b", at=20, ms=10))
    after = (span(1, ms=130), span(2, 1, name="a", ms=15), span(3, 1, name="b", at=20, ms=35))
    assert [c.step.name for c in compared(before, after).slower] == ["b", "a"]


def test_differences_within_the_noise_are_not_told() -> None:
    before, after = (span(1, ms=100), span(2, 1, ms=40)), (span(1, ms=100.5), span(2, 1, ms=40.5))
    assert compared(before, after).unchanged == 2


def test_what_is_new_and_what_is_gone() -> None:
    found = compared((span(1, ms=9), span(2, 1, name="old")), (span(1, ms=9), span(3, 1, name="fresh"), span(4, 3)))
    assert {c.step.name for c in found.new} == {"fresh", "work 4"}
    assert [(c.step.name, c.before.count, c.after.count) for c in found.gone] == [("old", 1, 0)]


def test_the_same_name_of_another_service_or_kind_is_another_step() -> None:
    found = compared((span(1, name="a"),), (span(1, name="a", kind=CLIENT),))
    assert (len(found.new), len(found.gone)) == (1, 1)


def test_errors_that_came_and_went() -> None:
    ok = (span(1, ms=9), span(2, 1), span(3, 1, error=True))
    bad = (span(1, ms=9), span(2, 1, error=True), span(3, 1))
    assert {(c.step.name, c.before.errors, c.after.errors) for c in compared(ok, bad).errors} == {
        ("work 2", 0, 1),
        ("work 3", 1, 0),
    }


def loop(times: int) -> tuple[Span, ...]:
    return span(1, ms=90), *(span(n + 2, 1, name="SELECT", at=n, kind=CLIENT) for n in range(times))


def test_a_loop_that_grew_is_told_with_both_lengths() -> None:
    assert [(c.before.run, c.after.run) for c in compared(loop(2), loop(12)).repeated] == [(2, 12)]
    assert [(c.before.run, c.after.run) for c in compared(loop(12), loop(1)).repeated] == [(12, 1)]


def test_few_repetitions_and_loops_that_stayed_are_not() -> None:
    assert compared(loop(1), loop(4)).repeated == ()
    assert compared(loop(12), loop(12)).repeated == ()


def test_the_same_step_under_many_parents_is_no_loop() -> None:
    def fan(width: int) -> tuple[Span, ...]:
        parents = [span(n + 2, 1, name="page", at=n) for n in range(width)]
        return span(1, ms=90), *parents, *(span(n + 50, n + 2, name="SELECT", at=n) for n in range(width))

    assert [c.step.name for c in compared(fan(1), fan(9)).repeated] == ["page"]


def test_a_trace_that_meshctl_began_is_aligned_with_one_that_it_did_not() -> None:
    outer, server, *below = order().spans
    found = compared((outer, server, *below), (replace(server, parent_id=""), *below))
    assert (found.new, found.gone, found.unchanged) == ((), (), 11)


def test_a_chain_of_twenty_thousand_is_compared() -> None:
    count = 20_000
    w = waterfall(trace(*(span(n + 1, n) for n in range(count))))
    assert diff(w, w).unchanged == count
