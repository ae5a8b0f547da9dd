"""One line of toned text that is redrawn only when it differs."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.strip import Strip

from meshctl.present.lines import Line
from meshctl.tui.widgets.toned import Toned


class LineBar(Toned):
    """``draw`` gives the line for the present width; call ``redraw`` when its data changed."""

    DEFAULT_CSS = "LineBar { height: 1; }"

    def __init__(self, draw: Callable[[int], Line], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._line: Line = ()

    def redraw(self) -> None:
        line = self._draw(self.size.width)
        if line != self._line:
            self._line = line
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self.redraw()

    def render_line(self, y: int) -> Strip:
        return self.toned_strip(self._line, self.size.width)
