"""One waterfall as it is looked at: what is folded, which stretch of time, what is searched for. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from meshctl.model.waterfall import Mark, Waterfall, Window

#: No stretch shorter than this is drawn.
LEAST_NS = 1_000
#: Work after the root is shown whole up to so many times the root.
_DWARFED = 4


class WaterfallView:
    """``shown`` are the indices of the rows that are drawn, in order. Rows are known by index; keys are texts of it."""

    def __init__(self, waterfall: Waterfall) -> None:
        self.waterfall = waterfall
        self._usual, self._all = whole(waterfall), everything(waterfall)
        self.window = self._usual
        self.collapsed: set[str] = set()
        self.only_critical = False
        self.shown: list[int] = visible(waterfall, frozenset())
        self.errors = [index for index, row in enumerate(waterfall.rows) if row.span.failed]

    def look_like(self, before: WaterfallView) -> None:
        """Look at a trace that has tree_of as before."""
        if before.zoomed:
            self.window = before.window
        self.collapsed, self.only_critical = before.collapsed, before.only_critical
        self._show()

    # -- the tree

    def span_id(self, index: int) -> str:
        return self.waterfall.rows[index].span.span_id

    def find(self, span_id: str) -> int:
        """The row of a span, -1 without one."""
        return next((index for index, row in enumerate(self.waterfall.rows) if row.span.span_id == span_id), -1)

    def folded(self, index: int) -> bool:
        return self.span_id(index) in self.collapsed

    def foldable(self, index: int) -> bool:
        return self.waterfall.rows[index].descendants > 0

    def fold(self, index: int, folded: bool) -> None:
        """Hide or show what is below a row."""
        if self.foldable(index):
            (self.collapsed.add if folded else self.collapsed.discard)(self.span_id(index))
            self._show()

    def parent(self, index: int) -> int:
        """The nearest row above that is drawn, -1 for a root."""
        return self.waterfall.rows[index].parent

    def reveal(self, index: int) -> bool:
        """Unfold whatever hides a row; it may also lie beside the critical path. Whether other rows are drawn now."""
        rows, above = self.waterfall.rows, self.waterfall.rows[index].parent
        hiding = set()
        while above >= 0:
            hiding.add(self.span_id(above))
            above = rows[above].parent
        beside = self.only_critical and not self._on_path(index)
        if not beside and not hiding & self.collapsed:
            return False
        self.collapsed -= hiding
        self.only_critical = self.only_critical and not beside
        self._show()
        return True

    def show_only_critical(self, only: bool) -> None:
        self.only_critical = only
        self._show()

    def _on_path(self, index: int) -> bool:
        return bool(self.waterfall.rows[index].critical)

    def _show(self) -> None:
        self.shown = visible(self.waterfall, self.collapsed)
        if self.only_critical:
            keep = with_parents(self.waterfall, (i for i in self.shown if self._on_path(i)))
            self.shown = [index for index in self.shown if index in keep] or self.shown

    # -- time

    @property
    def zoomed(self) -> bool:
        return self.window not in (self._usual, self._all)

    def zoom(self, index: int, factor: float) -> None:
        """``factor`` < 1 shows less time, in more detail, around a span; the span stays in sight."""
        length = (self.window.end_ns - self.window.start_ns) * factor
        length = max(LEAST_NS, min(self._all.end_ns, int(length)))
        row = self.waterfall.rows[index]
        centre = row.start_ns + min(row.duration_ns, length) // 2
        self._look_at(centre - length // 2, length)

    def pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        length = self.window.end_ns - self.window.start_ns
        self._look_at(self.window.start_ns + int(length * share), length)

    def unzoom(self) -> None:
        """What the root takes; again: all that is there, where late work is longer by far."""
        self.window = self._all if self.window == self._usual else self._usual

    def _look_at(self, start: int, length: int) -> None:
        end = self._all.end_ns
        start = max(0, min(start, end - length))
        self.window = Window(start, start + length) if length < end else self._all


def visible(w: Waterfall, collapsed: AbstractSet[str]) -> list[int]:
    """Indices of the rows that are drawn while these spans are collapsed."""
    if not collapsed:
        return list(range(len(w.rows)))
    shown, index = [], 0
    while index < len(w.rows):
        shown.append(index)
        row = w.rows[index]
        index += 1 + (row.descendants if row.span.span_id in collapsed else 0)
    return shown


def everything(w: Waterfall) -> Window:
    """All of the trace's time."""
    return Window(0, max(1, w.duration_ns))


def whole(w: Waterfall) -> Window:
    """The time to begin with: all of it, but the root and as much again where late work would dwarf it."""
    extent = max((row.end_ns for row in w.rows if Mark.LATE not in row.marks), default=0)
    return everything(w) if extent * _DWARFED >= w.duration_ns else Window(0, max(1, extent * 2))


def with_parents(waterfall: Waterfall, indices: Iterable[int]) -> set[int]:
    """These rows and every row above them."""
    keep: set[int] = set()
    for index in indices:
        while index >= 0 and index not in keep:
            keep.add(index)
            index = waterfall.rows[index].parent
    return keep


def after(places: Sequence[int], index: int, direction: int, here: bool = False) -> int:
    """The place next to ``index`` in that direction, round and round; -1 when there is none."""
    if not places:
        return -1
    ahead: Callable[[int], bool] = (lambda p: p > index) if direction > 0 else (lambda p: p < index)
    if here and index in places:
        return index
    found = [place for place in places if ahead(place)]
    if direction > 0:
        return found[0] if found else places[0]
    return found[-1] if found else places[-1]
