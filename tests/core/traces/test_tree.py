"""The order of the rows and the time in which no child ran."""

from __future__ import annotations

from meshctl.core.traces.waterfall.tree import parents_first, self_time, tree_of


def test_rows_go_depth_first_and_children_by_start() -> None:
    """
    0
    ├── 3 (at 1)
    │   └── 4
    └── 1 (at 5)
        └── 2
    """
    tree = tree_of([-1, 0, 1, 0, 3], [0, 5, 6, 1, 2])
    assert tree.order == [0, 3, 4, 1, 2]
    assert tree.depths == [0, 1, 2, 1, 2]
    assert tree.descendants == [4, 1, 0, 1, 0]


def test_roots_stand_by_start_but_orphans_last() -> None:
    assert tree_of([-1, -1, -1], [0, 9, 5], last={0}).order == [2, 1, 0]


def test_spans_of_the_same_start_stay_as_they_came() -> None:
    assert tree_of([-1, 0, 0, 0], [7, 7, 7, 7]).order == [0, 1, 2, 3]


def test_a_chain_of_fifty_thousand_is_no_deeper_than_memory() -> None:
    count = 50_000
    tree = tree_of(range(-1, count - 1), range(count))
    assert tree.depths[-1] == count - 1
    assert tree.descendants[0] == count - 1


def test_parents_come_before_their_children_whatever_the_order() -> None:
    assert parents_first([1, 2, -1]) == [2, 1, 0]


def test_self_time_is_what_the_union_of_the_children_leaves() -> None:
    starts, ends = [-5, 10, 12, 30, 90], [5, 20, 25, 40, 120]
    assert self_time(0, 100, [0, 1, 2, 3, 4], starts, ends) == 100 - 5 - 15 - 10 - 10


def test_children_that_run_elsewhere_take_nothing() -> None:
    assert self_time(0, 10, [0, 1], [-9, 20], [0, 30]) == 10
