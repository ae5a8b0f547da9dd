"""A bounded tail of log lines, drawn line by line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from meshctl.model.containers import LogLine
from meshctl.present.lines import Line, fit_line, plain
from meshctl.present.log_rows import log_row
from meshctl.tui.widgets.line_pane import LinePane

KEEP = 5000


class LogView(LinePane):
    """Follows the newest line, or holds still; the filter applies to what is kept and to what comes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False, priority=True),
        Binding("down,j", "scroll_down", show=False, priority=True),
        Binding("pageup", "page_up", show=False, priority=True),
        Binding("pagedown", "page_down", show=False, priority=True),
        Binding("home", "scroll_home", show=False, priority=True),
        Binding("end", "scroll_end", show=False, priority=True),
        Binding("left", "shift(-8)", show=False, priority=True),
        Binding("right", "shift(8)", show=False, priority=True),
    ]

    def __init__(self, *, id: str | None = None, keep: int = KEEP) -> None:
        super().__init__(id=id)
        self.following = True
        self._keep = keep
        self._kept: deque[tuple[float, Line]] = deque()
        self._shown: deque[Line] = deque()
        self._wanted: list[str] = []
        self._shift = 0

    @property
    def kept_count(self) -> int:
        """Lines in the ring."""
        return len(self._kept)

    def append(self, lines: Iterable[LogLine]) -> None:
        """Add lines; the oldest go when the ring is full, and what is looked at stays in place."""
        fresh = sorted(((line.time, log_row(line)) for line in lines), key=_time)
        if not fresh:
            return
        if self._kept and fresh[0][0] < self._kept[-1][0]:
            self._merge(fresh)
        else:
            dropped = self._extend(fresh)
            if dropped and not self.following:
                self.scroll_to(y=max(0, self.scroll_offset.y - dropped), animate=False, immediate=True)
        self.resized()

    def filter(self, wanted: str) -> None:
        """Show only lines that contain every word."""
        self._wanted = wanted.lower().split()
        self._shown = deque(row for _, row in self._kept if self._matches(row))
        self.resized()

    def clear(self) -> None:
        """Forget every line."""
        self._kept.clear()
        self._shown.clear()
        self.resized()

    @property
    def line_count(self) -> int:
        """Lines that pass the filter."""
        return len(self._shown)

    def resized(self) -> None:
        super().resized()
        self.call_after_refresh(self._to_the_end)

    def follow(self, following: bool) -> None:
        self.following = following
        self._to_the_end()

    def action_shift(self, by: int) -> None:
        self._shift = max(0, self._shift + by)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        line = self._shown[index] if index < len(self._shown) else ()
        width = self.size.width + self._shift
        strip = self.toned_strip(fit_line(line, width), width)
        return strip.crop(self._shift, self._shift + self.size.width)

    def _matches(self, row: Line) -> bool:
        if not self._wanted:
            return True
        text = plain(row).lower()
        return all(part in text for part in self._wanted)

    def _extend(self, fresh: Sequence[tuple[float, Line]]) -> int:
        """Append in order; return how many shown lines fell out at the other end."""
        dropped = 0
        for time, row in fresh:
            if len(self._kept) >= self._keep:
                _, oldest = self._kept.popleft()
                if self._shown and self._shown[0] is oldest:
                    self._shown.popleft()
                    dropped += 1
            self._kept.append((time, row))
            if self._matches(row):
                self._shown.append(row)
        return dropped

    def _merge(self, fresh: Sequence[tuple[float, Line]]) -> None:
        """Lines of another instance that are older than what is here go in between."""
        self._kept = deque(sorted([*self._kept, *fresh], key=_time)[-self._keep :])
        self._shown = deque(row for _, row in self._kept if self._matches(row))

    def _to_the_end(self) -> None:
        if self.following:
            self.scroll_end(animate=False, immediate=True)


def _time(entry: tuple[float, Line]) -> float:
    return entry[0]
