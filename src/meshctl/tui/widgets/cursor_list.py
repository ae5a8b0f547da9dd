"""A list with a cursor, of any length: only the lines that are looked at are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from meshctl.present.lines import ACCENT, Line, Segment, plain
from meshctl.tui.widgets.line_pane import LinePane

#: What these keys do, for the help.
MOVE_KEYS = (("↑ ↓  j k", "move"), ("home end", "first, last"), ("pgup pgdn", "a page up, a page down"))


class CursorList(LinePane):
    """Rows have keys; '' is a heading that cannot be selected. The cursor stays on its key while rows move.

    Subclasses give ``line_at``. Posts ``Moved`` when another row is selected and ``Opened`` on a second click.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False, priority=True),
        Binding("down,j", "move(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("home", "edge(-1)", show=False, priority=True),
        Binding("end", "edge(1)", show=False, priority=True),
    ]

    @dataclass
    class Moved(Message):
        """Another row is selected."""

        key: str

    @dataclass
    class Opened(Message):
        """The selected row was clicked again."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.keys: Sequence[str] = ()
        self.selected = ""
        self._places: Mapping[str, int] = {}
        self._drawn: dict[int, Line] = {}

    # -- for its owner

    def line_at(self, index: int) -> Line:
        """One row, as wide as the list is."""
        raise NotImplementedError

    def show_keys(self, keys: Sequence[str]) -> None:
        """Replace the rows. If the selected one is gone, its neighbour is selected."""
        before, place = len(self.keys), max(0, self.place)
        self.keys = keys
        self._places = self.index_of(keys)
        if before != len(keys):
            self.forget_lines()
            self.resized()
        else:
            self.redraw()
        if self.selected not in self._places:
            self._put(self._nearest(place, 1 if place == 0 else -1))

    def index_of(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Where each key stands."""
        return {key: index for index, key in enumerate(keys) if key}

    def redraw(self) -> None:
        """Draw again those visible lines that differ from what is on the screen."""
        drawn, self._drawn = self._drawn, {}
        top = self.scroll_offset.y
        for index in range(top, min(top + self.size.height, len(self.keys))):
            if drawn.get(index) != self._line(index):
                self.refresh_line(index)

    def forget_lines(self) -> None:
        """All lines are to be drawn anew."""
        self._drawn = {}
        self.refresh()

    def select(self, key: str) -> None:
        """Put the cursor on a row that is shown."""
        if key in self._places:
            self._put(key)

    @property
    def room(self) -> int:
        """Cells of a row; the last column is the scrollbar's."""
        return max(0, self.size.width - 1)

    @property
    def place(self) -> int:
        """The index of the selected row, -1 without one."""
        return self._places.get(self.selected, -1)

    @property
    def line_count(self) -> int:
        return len(self.keys)

    def moved(self) -> None:
        """Another row is selected."""
        self.post_message(self.Moved(self.selected))

    def touched(self) -> None:
        """Somebody moved the cursor by hand."""

    # -- keys and mouse

    def action_move(self, by: int) -> None:
        self.touched()
        wanted = max(0, min(len(self.keys) - 1, self.place + by))
        self._put(self._nearest(wanted, 1 if by > 0 else -1))

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 2))

    def action_edge(self, direction: int) -> None:
        self.touched()
        self._put(self._nearest(0, 1) if direction < 0 else self._nearest(len(self.keys) - 1, -1))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self.keys) or not self.keys[index]:
            return
        self.touched()
        if self.keys[index] == self.selected:
            self.post_message(self.Opened(self.selected))
        else:
            self._put(self.keys[index])

    # -- drawing

    def on_resize(self) -> None:
        self._drawn = {}
        super().on_resize()
        self.keep_in_view()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        return self.line_strip(index, self._line(index) if index < len(self.keys) else ())

    def line_strip(self, index: int, line: Line) -> Strip:
        if index >= len(self.keys) or not self.keys[index] or self.keys[index] != self.selected or not line:
            return super().line_strip(index, line)
        marked = (Segment("▌", ACCENT), Segment(line[0].text[1:], line[0].tone), *line[1:])
        return self.toned_strip(marked, self.size.width, cursor=True)

    def keep_in_view(self) -> None:
        """Scroll as little as needed; the heading above a group's first row comes along."""
        index = self.place
        if index < 0 or not self.size.height:
            return
        top = index - 1 if index and not self.keys[index - 1] else index
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
        elif index >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=index - self.size.height + 1, animate=False, immediate=True, force=True)

    def text_at(self, index: int) -> str:
        """What stands in a row."""
        return plain(self._line(index))

    def _line(self, index: int) -> Line:
        line = self._drawn.get(index)
        if line is None:
            line = self._drawn[index] = self.line_at(index)
        return line

    def _nearest(self, index: int, direction: int) -> str:
        """The key at ``index`` or, past headings, the next one in that direction, else in the other."""
        index = max(0, min(len(self.keys) - 1, index))
        for step in (direction, -direction):
            at = index
            while 0 <= at < len(self.keys):
                if self.keys[at]:
                    return self.keys[at]
                at += step
        return ""

    def _put(self, key: str) -> None:
        before, self.selected = self.selected, key
        if before == key:
            return
        for one in (before, key):
            if one in self._places:
                self.refresh_line(self._places[one])
        self.keep_in_view()
        self.moved()
