"""The rows of a waterfall under the cursor: drawn one by one, when they are looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from textual import events
from textual.message import Message

from meshctl.core.traces.waterfall.view import WaterfallView
from meshctl.model.waterfall import Window
from meshctl.present.lines import Line
from meshctl.present.waterfall import row_line
from meshctl.tui.widgets.cursor_list import CursorList

_SIGNS = "▾▸"
#: Drawn rows that are kept while the same stretch of time is looked at.
_MOST_KEPT = 500


class RowKeys(Sequence[str]):
    """Indices of rows, ascending, as the keys of a list: a text is made when somebody looks."""

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        found = self.indices[place]
        return str(found) if isinstance(found, int) else [str(index) for index in found]


class RowPlaces(Mapping[str, int]):
    """Where each key stands, found by halving."""

    def __init__(self, indices: Sequence[int]) -> None:
        self._indices = indices

    def __getitem__(self, key: str) -> int:
        index = int(key) if key else -1
        place = bisect_left(self._indices, index)
        if place >= len(self._indices) or self._indices[place] != index:
            raise KeyError(key)
        return place

    def __iter__(self) -> Iterator[str]:
        return map(str, self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class SpanRows(CursorList):
    """Keys are row indices as text. ``tell`` is called when another is selected: a message would come a frame later.

    A click on the fold sign folds; ctrl and the wheel zoom."""

    @dataclass
    class Folded(Message):
        """The sign of a row was clicked."""

        index: int

    @dataclass
    class Zoomed(Message):
        """``factor`` as of ``WaterfallView.zoom``."""

        factor: float

    def __init__(self, tell: Callable[[], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tell = tell
        self._view: WaterfallView | None = None
        self._kept: dict[tuple[int, bool], Line] = {}
        self._against: tuple[WaterfallView, Window, int] | None = None

    @property
    def index(self) -> int:
        """The selected row of the waterfall, -1 without one."""
        return int(self.selected) if self.selected else -1

    def show_view(self, view: WaterfallView, index: int | None = None) -> None:
        """Show what the view shows, with the cursor on ``index`` or what folds it away."""
        wanted = self.index if index is None else index
        self._view = view
        places = RowPlaces(view.shown)
        while wanted >= 0 and str(wanted) not in places:
            wanted = view.parent(wanted)
        self.forget_lines()
        self.show_keys(RowKeys(view.shown))
        self.select(str(wanted))

    def index_of(self, keys: Sequence[str]) -> Mapping[str, int]:
        return RowPlaces(keys.indices) if isinstance(keys, RowKeys) else super().index_of(keys)

    def on_unmount(self) -> None:
        """Let go of the trace."""
        self._view = self._against = None
        self._kept = {}
        self.keys, self._places, self._drawn = (), {}, {}

    def go_to(self, index: int) -> None:
        """Select a row that is drawn, with some of what is around it in sight."""
        self.select(str(index))
        room = self.size.height // 4
        place = self.place
        if place - room < self.scroll_offset.y:
            self.scroll_to(y=max(0, place - room), animate=False, immediate=True, force=True)
        elif place + room >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=place + room - self.size.height + 1, animate=False, immediate=True, force=True)

    def moved(self) -> None:
        self._tell()

    def line_at(self, index: int) -> Line:
        view = self._view
        assert view is not None
        row = view.shown[index]
        against, folded = (view, view.window, self.room), view.folded(row)
        if against != self._against or len(self._kept) > _MOST_KEPT:
            self._against, self._kept = against, {}
        line = self._kept.get((row, folded))
        if line is None:
            line = self._kept[row, folded] = row_line(view.waterfall, row, view.window, self.room, collapsed=folded)
        return line

    def on_click(self, event: events.Click) -> None:
        place = event.y + self.scroll_offset.y
        if self._view is None or place >= len(self.keys):
            return
        if abs(event.x - _sign_at(self.text_at(place))) <= 1 and self._view.foldable(self._view.shown[place]):
            event.prevent_default()
            self.select(self.keys[place])
            self.post_message(self.Folded(self._view.shown[place]))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1 / 1.5)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1.5)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        if event.ctrl:
            event.stop()
            event.prevent_default()
            self.post_message(self.Zoomed(factor))


def _sign_at(text: str) -> int:
    """The column of the fold sign, far away when there is none."""
    return next((column for column, character in enumerate(text) if character in _SIGNS), -9)
