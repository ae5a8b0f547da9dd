"""A grid of cells that lines, boxes and words are drawn on; lines that meet are joined."""

from __future__ import annotations

from meshctl.present.lines import Line, Segment
from meshctl.present.text import glyphs

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_JOINTS = " ╵╷│╴╯╮┤╶╰╭├─┴┬┼"
_DASHES = {UP | DOWN: "┆", LEFT | RIGHT: "╌"}


class Canvas:
    """Cells by (column, row); what is written last is seen, but lines are joined with what is there."""

    def __init__(self) -> None:
        self._joints: dict[tuple[int, int], int] = {}
        self._solid: set[tuple[int, int]] = set()
        self._tones: dict[tuple[int, int], str] = {}
        self._words: dict[tuple[int, int], tuple[str, str]] = {}

    def join(self, x: int, y: int, ends: int, tone: str, dashed: bool = False) -> None:
        """A line leaves the middle of a cell towards these sides."""
        place = (x, y)
        self._joints[place] = self._joints.get(place, 0) | ends
        self._tones[place] = tone
        if not dashed:
            self._solid.add(place)

    def across(self, y: int, start: int, end: int, tone: str, dashed: bool = False) -> None:
        """A level line through the columns [start, end)."""
        for x in range(start, end):
            self.join(x, y, LEFT | RIGHT, tone, dashed)

    def write(self, x: int, y: int, text: str, tone: str) -> None:
        """Words, over whatever is there."""
        for glyph, cells in glyphs(text):
            self._words[x, y] = (glyph, tone)
            for further in range(1, cells):
                self._words[x + further, y] = ("", tone)
            x += cells

    def box(self, x: int, y: int, width: int, height: int, tone: str, leaves: bool, row: int) -> None:
        """A frame, empty inside; with ``leaves`` a line goes out at the right of ``row``."""
        self.write(x, y, f"╭{'─' * (width - 2)}╮", tone)
        for inner in range(y + 1, y + height - 1):
            right = "├" if leaves and inner == row else "│"
            self.write(x, inner, f"│{' ' * (width - 2)}{right}", tone)
        self.write(x, y + height - 1, f"╰{'─' * (width - 2)}╯", tone)

    def lines(self, width: int, indent: int) -> list[Line]:
        """All of it as toned lines, ``indent`` cells from the left."""
        rows = [y for _, y in (*self._joints, *self._words)]
        return [self._line(y, width, indent) for y in range(max(rows, default=-1) + 1)]

    def _line(self, y: int, width: int, indent: int) -> Line:
        spans: list[Segment] = [Segment(" " * indent)] if indent else []
        text, tone = "", ""
        for x in range(width):
            character, how = self._cell(x, y)
            if how != tone and text:
                spans.append(Segment(text, tone))
                text = ""
            text, tone = text + character, how
        return (*spans, Segment(text, tone)) if text.strip() else tuple(spans)

    def _cell(self, x: int, y: int) -> tuple[str, str]:
        place = (x, y)
        if place in self._words:
            return self._words[place]
        joint = self._joints.get(place, 0)
        if not joint:
            return " ", ""
        dash = _DASHES.get(joint) if place not in self._solid else None
        return dash or _JOINTS[joint], self._tones[place]
