"""What the end of the root waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshctl.core.traces.waterfall.layout import critical_path

Path = dict[int, tuple[tuple[int, int], ...]]


def path(
    times: Sequence[tuple[int, int]], children: Mapping[int, Sequence[int]], detached: set[int] | None = None
) -> Path:
    return critical_path(0, children, [t[0] for t in times], [t[1] for t in times], detached or set())


def length(found: Path) -> int:
    return sum(end - begin for stretches in found.values() for begin, end in stretches)


def test_a_lone_span_waits_for_itself() -> None:
    assert path([(3, 9)], {}) == {0: ((3, 9),)}


def test_calls_one_after_the_other_are_all_on_it() -> None:
    """
    0 ██      ██      ██
    1   ██████
    2           ██████
    """
    assert path([(0, 100), (10, 40), (50, 90)], {0: [1, 2]}) == {
        0: ((0, 10), (40, 50), (90, 100)),
        1: ((10, 40),),
        2: ((50, 90),),
    }


def test_of_calls_side_by_side_only_the_last_to_finish_is_on_it() -> None:
    assert path([(0, 100), (10, 80), (10, 60)], {0: [1, 2]}) == {0: ((0, 10), (80, 100)), 1: ((10, 80),)}


def test_it_goes_down_to_the_deepest_that_everything_waits_for() -> None:
    assert path([(0, 100), (10, 90), (20, 80)], {0: [1], 1: [2]}) == {
        0: ((0, 10), (90, 100)),
        1: ((10, 20), (80, 90)),
        2: ((20, 80),),
    }


def test_a_child_that_outlives_its_parent_counts_only_as_long_as_the_parent() -> None:
    assert path([(0, 50), (20, 90)], {0: [1]}) == {0: ((0, 20),), 1: ((20, 50),)}


def test_what_nobody_waits_for_is_not_on_it() -> None:
    assert path([(0, 50), (20, 40)], {0: [1]}, detached={1}) == {0: ((0, 50),)}


def test_children_without_length_or_elsewhere_are_not_on_it() -> None:
    assert path([(10, 50), (20, 20), (0, 5), (60, 70)], {0: [1, 2, 3]}) == {0: ((10, 50),)}


def test_it_is_as_long_as_the_root_however_the_children_lie() -> None:
    times = [(0, 1000), *((n * 7 % 900, n * 7 % 900 + n) for n in range(1, 120))]
    found = path(times, {0: list(range(1, 60)), 5: list(range(60, 120))})
    assert length(found) == 1000


def test_a_chain_of_fifty_thousand_is_followed_to_its_end() -> None:
    count = 50_000
    times = [(n, 200_000 - n) for n in range(count)]
    found = path(times, {n: [n + 1] for n in range(count - 1)})
    assert len(found) == count
    assert length(found) == 200_000
