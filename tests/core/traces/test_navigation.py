"""How one moves about in a waterfall, without a screen."""

from __future__ import annotations

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.navigation import Change, WaterfallNavigation
from meshctl.core.traces.waterfall.view import WaterfallView
from meshctl.model.traces import Trace
from tests.spans import order, trace
from tests.tui.desk import failed_order


class Moves:
    """A navigation, and what it told since it was asked last."""

    def __init__(self, shown: Trace) -> None:
        self._told: list[Change] = []
        self.nav = WaterfallNavigation(self._told.append)
        self.nav.show(WaterfallView(waterfall(shown)))
        self.view = self.nav.view
        assert self.told() is Change.ROWS

    def told(self) -> Change:
        """All changes together."""
        changes, union = list(self._told), Change(0)
        self._told.clear()
        for change in changes:
            union |= change
        return union

    def shown(self) -> list[int]:
        assert self.nav.view is not None
        return self.nav.view.shown

    def spans(self) -> int:
        assert self.nav.view is not None
        return self.nav.view.window.end_ns - self.nav.view.window.start_ns


def test_before_a_trace_is_there_nothing_moves() -> None:
    """Every key may be pressed."""
    told: list[Change] = []
    nav = WaterfallNavigation(told.append)
    for move in (nav.toggle, nav.collapse, nav.expand, nav.toggle_critical, nav.zoom_in, nav.zoom_whole, nav.later):
        move()
    nav.next_error()
    nav.find("orders")
    assert (told, nav.index, nav.rows, nav.service, nav.errors, nav.zoomed) == ([], -1, 0, "", (), False)


def test_the_cursor_is_told_once() -> None:
    moves = Moves(order())
    moves.nav.put(2)
    assert moves.told() is Change.CURSOR
    moves.nav.put(2)
    assert moves.told() is Change(0)
    assert moves.nav.service == "orders"


def test_folding_and_walking_the_tree() -> None:
    """Fold, then to the parent; unfold, then to the first child."""
    moves = Moves(order())
    moves.nav.put(2)
    moves.told()
    moves.nav.collapse()
    assert (moves.told(), moves.shown()) == (Change.ROWS, [0, 1, 2, *range(5, 12)])
    moves.nav.collapse()
    assert (moves.told(), moves.nav.index) == (Change.CURSOR, 1)
    moves.nav.put(2)
    moves.nav.expand()
    assert len(moves.shown()) == 12
    moves.nav.expand()
    assert moves.nav.index == 3
    moves.nav.put(0)
    moves.nav.toggle()
    assert moves.shown() == [0]
    moves.nav.toggle()
    assert len(moves.shown()) == 12


def test_a_cursor_whose_row_is_hidden_goes_to_what_hides_it() -> None:
    """By only the critical path: to the nearest row above that is shown."""
    moves = Moves(order())
    assert moves.view is not None
    hidden = next(row for row in range(12) if moves.view.waterfall.rows[row].span.service == "worker")
    moves.nav.put(hidden)
    moves.nav.toggle_critical()
    assert Change.ROWS in moves.told()
    assert moves.nav.index in moves.shown()
    assert moves.nav.index < hidden
    moves.nav.toggle_critical()
    assert len(moves.shown()) == 12


def test_zoom_and_pan_change_the_time_alone() -> None:
    moves = Moves(order())
    moves.nav.put(2)
    moves.told()
    whole = moves.spans()
    moves.nav.zoom_in()
    assert (moves.told(), moves.spans(), moves.nav.zoomed) == (Change.TIME, whole // 2, True)
    moves.nav.later()
    moves.nav.earlier()
    moves.nav.zoom_out()
    assert moves.told() is Change.TIME
    moves.nav.zoom_whole()
    assert not moves.nav.zoomed


def test_errors_one_after_the_other() -> None:
    """Round and round; a folded error is unfolded."""
    moves = Moves(failed_order())
    errors = list(moves.nav.errors)
    assert len(errors) == 3
    moves.nav.toggle()
    moves.told()
    moves.nav.next_error()
    assert (moves.nav.index, moves.told()) == (errors[0], Change.JUMP | Change.ROWS)
    moves.nav.next_error(-1)
    assert (moves.nav.index, moves.told()) == (errors[-1], Change.JUMP)
    moves.nav.next_error()
    assert moves.nav.index == errors[0]


def test_finding() -> None:
    """The nearest first, then one after the other; attributes once they were read; no words find nothing."""
    moves = Moves(failed_order())
    moves.nav.find("reserve")
    assert (list(moves.nav.found), moves.nav.index) == ([4, 5], 4)
    assert moves.told() == Change.FOUND | Change.JUMP
    moves.nav.next_found()
    moves.nav.next_found()
    assert moves.nav.index == 4
    moves.nav.next_found(-1)
    assert moves.nav.index == 5
    moves.nav.find("sku=espresso")
    assert moves.nav.found == []
    finder = moves.nav.finder
    assert finder is not None
    finder.read()
    moves.nav.search_again(finder, move=True)
    assert (list(moves.nav.found), moves.nav.index) == ([3], 3)
    moves.nav.find("")
    assert moves.nav.found == []


def test_a_trace_that_grows_is_looked_at_as_before() -> None:
    """The cursor stays on its span, folds and zoom stay, and what is searched for is found in the new rows."""
    whole = order()
    moves = Moves(trace(*whole.spans[:8]))
    moves.nav.put(2)
    moves.nav.collapse()
    moves.nav.zoom_in()
    moves.nav.find("reserve")
    finder = moves.nav.finder
    assert moves.nav.view is not None
    before, found = moves.nav.view.span_id(moves.nav.index), len(moves.nav.found)
    moves.nav.show(WaterfallView(waterfall(whole)))
    assert moves.nav.view.span_id(moves.nav.index) == before
    assert moves.nav.view.folded(2)
    assert moves.nav.zoomed
    assert len(moves.nav.found) >= found
    assert finder is not None
    moves.told()
    moves.nav.search_again(finder, move=True)
    assert moves.told() is Change(0)


def test_a_trace_can_be_opened_at_a_span() -> None:
    """One that is not there: at the first."""
    view = WaterfallView(waterfall(order()))
    nav = WaterfallNavigation(lambda change: None)
    nav.show(view, view.span_id(6))
    assert nav.index == 6
    other = WaterfallNavigation(lambda change: None)
    other.show(view, "nowhere")
    assert other.index == 0
    other.forget()
    assert (other.view, other.rows) == (None, 0)
