"""A scrollable block of toned lines, drawn line by line; only lines that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshctl.present.lines import Line
from meshctl.tui.widgets.toned import Toned

#: What these keys do, for the help.
LOOK_KEYS = (("↑ ↓", "scroll"), ("home end", "first, last"), ("pgup pgdn", "a page up, a page down"))


class LinePane(ScrollView, Toned, can_focus=True):
    """Shows ``lines``; the scroll position stays when they are replaced."""

    DEFAULT_CSS = "LinePane { overflow-x: hidden; scrollbar-size-vertical: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        """Replace the lines; scrolling stays where it is."""
        before, self.lines = self.lines, list(lines)
        if len(before) != len(self.lines):
            self.resized()
            return
        for index, (old, new) in enumerate(zip(before, self.lines, strict=True)):
            if old != new:
                self.refresh_line(index)

    @property
    def line_count(self) -> int:
        return len(self.lines)

    def resized(self) -> None:
        """Tell the scrolling how much there is; a width of 0 (not laid out yet) would turn it off."""
        self.virtual_size = Size(max(1, self.size.width), self.line_count)
        self.refresh()

    def on_resize(self) -> None:
        self.resized()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        line = self.lines[index] if index < len(self.lines) else ()
        return self.line_strip(index, line)

    def line_strip(self, index: int, line: Line) -> Strip:
        return self.toned_strip(line, self.size.width)
