"""Where notices are told: the free line under the tabs, which makes room for itself when it needs more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.message import Message

from meshctl.present.lines import Line
from meshctl.tui.widgets.line_pane import LinePane


class NoticeLine(LinePane, can_focus=False):
    """One blank line while there is nothing to say. A click forgets what is said."""

    DEFAULT_CSS = "NoticeLine { height: 1; overflow-y: hidden; }"

    @dataclass
    class Dismissed(Message):
        """What is said has been read."""

    def __init__(self, draw: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw

    def redraw(self) -> None:
        lines = list(self._draw(self.size.width)) if self.size.width else []
        if lines != self.lines:
            self.styles.height = max(1, len(lines))
            self.show(lines)

    def on_resize(self) -> None:
        super().on_resize()
        self.redraw()

    def on_click(self) -> None:
        if self.lines:
            self.post_message(self.Dismissed())
