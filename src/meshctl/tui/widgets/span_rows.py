"""The rows of a waterfall under the cursor: drawn one by one, when they are looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from textual import events

from meshctl.core.traces.waterfall.navigation import Change, WaterfallNavigation
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
    """Keys are row indices as text. Where the cursor is, what is folded and which time is seen, ``nav`` knows.

    A click on the fold sign folds; ctrl and the wheel zoom.
    """

    def __init__(self, nav: WaterfallNavigation, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._nav = nav
        self._kept: dict[tuple[int, bool], Line] = {}
        self._against: tuple[WaterfallView, Window, int] | None = None

    @property
    def index(self) -> int:
        """The selected row of the waterfall, -1 without one."""
        return int(self.selected) if self.selected else -1

    def show_change(self, change: Change) -> None:
        """Draw what has changed in the way the trace is looked at."""
        if Change.ROWS in change:
            self._show_rows()
        if Change.TIME in change:
            self.forget_lines()
        if Change.JUMP in change:
            self._go_to(str(self._nav.index))
        elif Change.CURSOR in change:
            self.select(str(self._nav.index))

    def moved(self) -> None:
        """At once: a message would come a frame later."""
        self._nav.put(self.index)

    def index_of(self, keys: Sequence[str]) -> Mapping[str, int]:
        return RowPlaces(keys.indices) if isinstance(keys, RowKeys) else super().index_of(keys)

    def on_unmount(self) -> None:
        """Let go of the trace."""
        self._against = None
        self._kept = {}
        self.keys, self._places, self._drawn = (), {}, {}

    def line_at(self, index: int) -> Line:
        view = self._nav.view
        assert view is not None
        row = view.shown[index]
        against, folded = (view, view.window, self.room), view.folded(row)
        if against != self._against or len(self._kept) > _MOST_KEPT:
            self._against, self._kept = against, {}
        line = self._kept.get((row, folded))
        if line is None:
            line = self._kept[row, folded] = row_line(view.waterfall, row, view.window, self.room, collapsed=folded)
        return line

    def on_cursor_list_opened(self, event: CursorList.Opened) -> None:
        event.stop()
        self._nav.toggle()

    def on_click(self, event: events.Click) -> None:
        place, view = event.y + self.scroll_offset.y, self._nav.view
        if view is None or place >= len(self.keys):
            return
        if abs(event.x - _sign_at(self.text_at(place))) <= 1 and view.foldable(view.shown[place]):
            event.prevent_default()
            self.select(self.keys[place])
            self._nav.toggle()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1 / 1.5)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1.5)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        if event.ctrl:
            event.stop()
            event.prevent_default()
            self._nav.zoom(factor)

    def _show_rows(self) -> None:
        view, before = self._nav.view, self.selected
        assert view is not None
        self.selected = str(self._nav.index) if self._nav.index >= 0 else ""
        self.forget_lines()
        self.show_keys(RowKeys(view.shown))
        if self.selected != before:
            self.keep_in_view()

    def _go_to(self, key: str) -> None:
        """Select a row that is drawn, with some of what is around it in sight."""
        self.select(key)
        room, place = self.size.height // 4, self.place
        if place - room < self.scroll_offset.y:
            self.scroll_to(y=max(0, place - room), animate=False, immediate=True, force=True)
        elif place + room >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=place + room - self.size.height + 1, animate=False, immediate=True, force=True)


def _sign_at(text: str) -> int:
    """The column of the fold sign, far away when there is none."""
    return next((column for column, character in enumerate(text) if character in _SIGNS), -9)
