"""How one moves about in a waterfall: the cursor, folds, time, errors, what is searched for. No widgets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from enum import Flag, auto

from meshctl.core.traces.search import SpanFinder
from meshctl.core.traces.waterfall.view import WaterfallView, after

_CLOSER = 0.5
_PAN = 0.25


class Change(Flag):
    """What is to be drawn anew."""

    CURSOR = auto()
    #: The cursor went far: some of what is around it is to be in sight.
    JUMP = auto()
    TIME = auto()
    ROWS = auto()
    FOUND = auto()


class WaterfallNavigation:
    """``tell`` hears of every change. ``view`` is None until there is a trace, ``index`` the row under the cursor."""

    def __init__(self, tell: Callable[[Change], None]) -> None:
        self.view: WaterfallView | None = None
        self.index = -1
        self.wanted = ""
        self.found: Sequence[int] = ()
        self.finder: SpanFinder | None = None
        self._tell = tell

    def show(self, view: WaterfallView, span_id: str = "") -> None:
        """A trace with the cursor on ``span_id``, or the same trace grown: the cursor stays on its span."""
        if self.view is not None:
            view.look_like(self.view)
            span_id = self.view.span_id(self.index) if self.index >= 0 else ""
        self.index = max(0, view.find(span_id)) if view.waterfall.rows else -1
        self.view, self.finder = view, SpanFinder(view.waterfall)
        self.found = self.finder.matches(self.wanted)
        self._rows_changed()

    def forget(self) -> None:
        """Let go of the trace."""
        self.view = self.finder = None

    def put(self, index: int) -> None:
        """The cursor was moved to a row that is drawn."""
        if index != self.index:
            self.index = index
            self._tell(Change.CURSOR)

    # -- what there is

    @property
    def rows(self) -> int:
        return len(self.view.waterfall.rows) if self.view is not None else 0

    @property
    def errors(self) -> Sequence[int]:
        """Rows that failed."""
        return self.view.errors if self.view is not None else ()

    @property
    def foldable(self) -> bool:
        return self.view is not None and self.index >= 0 and self.view.foldable(self.index)

    @property
    def zoomed(self) -> bool:
        return self.view is not None and self.view.zoomed

    @property
    def service(self) -> str:
        """Whose span is under the cursor, '' without one."""
        return self.view.waterfall.rows[self.index].span.service if self.view is not None and self.index >= 0 else ""

    # -- the tree

    def toggle(self) -> None:
        """Fold the row under the cursor, or unfold it."""
        if self.view is not None and self.foldable:
            self._fold(not self.view.folded(self.index))

    def collapse(self) -> None:
        """Fold; what has nothing to fold goes to its parent."""
        view = self.view
        if view is None or self.index < 0:
            return
        if self.foldable and not view.folded(self.index):
            self._fold(True)
        elif view.parent(self.index) >= 0:
            self.put(view.parent(self.index))

    def expand(self) -> None:
        """Unfold; what is unfolded goes to its first child."""
        view = self.view
        if view is None or not self.foldable:
            return
        if view.folded(self.index):
            self._fold(False)
        else:
            self.put(next((row for row in view.shown if row > self.index), self.index))

    def toggle_critical(self) -> None:
        """Only the critical path, or everything."""
        if self.view is not None:
            self.view.show_only_critical(not self.view.only_critical)
            self._rows_changed()

    # -- time

    def zoom(self, factor: float) -> None:
        """``factor`` as of ``WaterfallView.zoom``."""
        if self.view is not None and self.index >= 0:
            self.view.zoom(self.index, factor)
            self._tell(Change.TIME)

    def zoom_in(self) -> None:
        self.zoom(_CLOSER)

    def zoom_out(self) -> None:
        self.zoom(1 / _CLOSER)

    def zoom_whole(self) -> None:
        if self.view is not None:
            self.view.unzoom()
            self._tell(Change.TIME)

    def earlier(self) -> None:
        self._pan(-_PAN)

    def later(self) -> None:
        self._pan(_PAN)

    # -- errors and finding

    def next_error(self, direction: int = 1) -> None:
        self._jump(after(self.errors, self.index, direction))

    def next_found(self, direction: int = 1) -> None:
        self._jump(after(self.found, self.index, direction))

    def find(self, wanted: str) -> None:
        """Search for other words; the cursor goes to the nearest row that has them."""
        self.wanted = wanted
        self._search(move=True)

    def search_again(self, finder: SpanFinder, *, move: bool) -> None:
        """``finder`` has read the attributes: what was not found in names may be found now."""
        if finder is self.finder:
            self._search(move=move)

    # -- inside

    def _fold(self, folded: bool) -> None:
        if self.view is not None:
            self.view.fold(self.index, folded)
            self._rows_changed()

    def _rows_changed(self) -> None:
        """A cursor whose row is hidden goes to what hides it."""
        assert self.view is not None
        shown = self.view.shown
        while self.index >= 0 and not _holds(shown, self.index):
            self.index = self.view.parent(self.index)
        if self.index < 0 and shown:
            self.index = shown[0]
        self._tell(Change.ROWS)

    def _pan(self, share: float) -> None:
        if self.view is not None:
            self.view.pan(share)
            self._tell(Change.TIME)

    def _jump(self, index: int) -> None:
        if self.view is None or index < 0:
            return
        revealed = self.view.reveal(index)
        self.index = index
        self._tell(Change.JUMP | Change.ROWS if revealed else Change.JUMP)

    def _search(self, *, move: bool) -> None:
        if self.finder is None:
            return
        self.found = self.finder.matches(self.wanted)
        self._tell(Change.FOUND)
        if move:
            self._jump(after(self.found, self.index, 1, here=True))


def _holds(ascending: Sequence[int], index: int) -> bool:
    place = bisect_left(ascending, index)
    return place < len(ascending) and ascending[place] == index
