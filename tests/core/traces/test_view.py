"""How a waterfall is looked at: folds, time, errors, what is searched for."""

from __future__ import annotations

import pytest

from meshctl.core.traces.search import SpanFinder
from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.view import LEAST_NS, WaterfallView, after
from meshctl.model.waterfall import Window
from tests.spans import MS, order, span, trace
from tests.tui.desk import failed_order


def view_of_order() -> WaterfallView:
    return WaterfallView(waterfall(order()))


def test_what_is_folded_hides_what_is_below() -> None:
    """And shows it again."""
    view = view_of_order()
    view.fold(2, True)
    assert view.shown == [0, 1, 2, *range(5, 12)]
    view.fold(2, False)
    assert view.shown == list(range(12))


def test_a_leaf_cannot_be_folded() -> None:
    view = view_of_order()
    view.fold(4, True)
    assert not view.folded(4)


def test_revealing_unfolds_every_fold_above() -> None:
    """Others stay folded."""
    view = view_of_order()
    for row in (0, 2, 5):
        view.fold(row, True)
    assert view.reveal(4)
    assert view.folded(5)
    assert 4 in view.shown
    assert not view.reveal(4)


def test_only_the_critical_path_keeps_what_is_above_it() -> None:
    """What nobody waits for goes; without a critical path nothing is hidden."""
    view = view_of_order()
    view.show_only_critical(True)
    kept = {view.waterfall.rows[index].span.service for index in view.shown}
    assert "worker" not in kept
    assert all(view.waterfall.rows[index].parent in {-1, *view.shown} for index in view.shown)
    nothing = WaterfallView(waterfall(trace(span(1, ms=0.0))))
    nothing.show_only_critical(True)
    assert nothing.shown == [0]


def test_zoom_keeps_the_span_in_sight() -> None:
    """Half the time with each step, down to a microsecond, never past an end."""
    view = view_of_order()
    row = view.waterfall.rows[7]
    for _ in range(3):
        view.zoom(7, 0.5)
    assert view.window.end_ns - view.window.start_ns == view.waterfall.duration_ns // 8
    assert view.window.start_ns <= row.start_ns
    assert row.end_ns <= view.window.end_ns
    for _ in range(60):
        view.zoom(7, 0.5)
    assert view.window.end_ns - view.window.start_ns == LEAST_NS
    assert view.zoomed
    for _ in range(60):
        view.zoom(7, 2.0)
    assert view.window == Window(0, view.waterfall.duration_ns)
    assert not view.zoomed


def test_a_span_longer_than_the_window_is_seen_from_its_start() -> None:
    view = view_of_order()
    view.zoom(11, 0.25)
    assert view.window.start_ns == view.waterfall.rows[11].start_ns


def test_panning_stops_at_the_ends() -> None:
    """The length stays."""
    view = view_of_order()
    view.zoom(5, 0.25)
    length = view.window.end_ns - view.window.start_ns
    for _ in range(20):
        view.pan(0.25)
    assert view.window == Window(view.waterfall.duration_ns - length, view.waterfall.duration_ns)
    for _ in range(20):
        view.pan(-0.25)
    assert view.window == Window(0, length)


def test_late_work_that_dwarfs_the_root_is_shown_at_the_second_wish() -> None:
    """``0`` goes from the usual time to everything and back."""
    late = trace(span(1, ms=10.0), span(2, 1, "worker", at=5.0, ms=4_000.0))
    view = WaterfallView(waterfall(late))
    usual = view.window
    view.unzoom()
    everything = view.window
    assert everything.end_ns == 4_005 * MS
    assert usual.end_ns <= everything.end_ns
    view.unzoom()
    assert view.window == usual


def test_a_grown_trace_is_looked_at_as_before() -> None:
    """Folds, zoom and the critical path stay."""
    view = WaterfallView(waterfall(trace(*order().spans[:8])))
    view.fold(2, True)
    view.zoom(5, 0.5)
    grown = WaterfallView(waterfall(order()))
    grown.look_like(view)
    assert grown.folded(2)
    assert grown.window == view.window
    assert len(grown.shown) == 10


@pytest.mark.parametrize(
    ("places", "index", "direction", "place"),
    [([2, 5], 0, 1, 2), ([2, 5], 2, 1, 5), ([2, 5], 5, 1, 2), ([2, 5], 2, -1, 5), ([], 0, 1, -1), ([3], 3, 1, 3)],
)
def test_next_goes_round(places: list[int], index: int, direction: int, place: int) -> None:
    assert after(places, index, direction) == place


def test_staying_counts_when_it_is_asked_for() -> None:
    """As one types, the span under the cursor may match already."""
    assert after([2, 5], 2, 1, here=True) == 2


def test_find_looks_into_names_then_into_attributes_and_events() -> None:
    """Every word must occur; marks and targets are names too."""
    finder = SpanFinder(waterfall(failed_order()))
    assert finder.matches("") == []
    assert finder.matches("reserve ORDERS") == [4, 5]
    assert finder.matches("retry") == [5]
    assert finder.matches("sku=espresso") == []
    assert not finder.complete
    finder.read()
    assert finder.complete
    assert finder.matches("sku=espresso") == [3]
    assert finder.matches("connecterror") == [5]
