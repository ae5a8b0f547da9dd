"""One line that asks before something is destroyed. The default is no."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.strip import Strip

from meshctl.present.lines import ACCENT, MUTED, WARN, Segment
from meshctl.present.text import cell_len
from meshctl.tui.widgets.toned import Toned


class Question(Toned, can_focus=True):
    """Stands in place of the footer while it asks; ``y`` is yes, every other key is no."""

    DEFAULT_CSS = "Question { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._yes: Callable[[], None] | None = None
        self._after: Callable[[], None] | None = None
        self.display = False

    def ask(self, text: str, yes: Callable[[], None], after: Callable[[], None]) -> None:
        """``yes`` is called on ``y``; ``after`` in either case."""
        self._text, self._yes, self._after = text, yes, after
        self.display = True
        self.refresh()
        self.screen.set_focus(self)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._answer(event.key in ("y", "Y"))

    def on_click(self, event: events.Click) -> None:
        start = cell_len(f" {self._text}  ")
        self._answer(start <= event.x < start + cell_len("y yes"))

    def on_blur(self) -> None:
        self._answer(False)

    def render_line(self, y: int) -> Strip:
        line = (
            Segment(f" {self._text}  ", WARN),
            Segment("y", ACCENT),
            Segment(" yes  ", MUTED),
            Segment("N", ACCENT),
            Segment(" no (default)", MUTED),
        )
        return self.toned_strip(line, self.size.width)

    def _answer(self, yes: bool) -> None:
        if not self.display:
            return
        self.display = False
        if self._after is not None:
            self._after()
        if yes and self._yes is not None:
            self._yes()
