"""One line that asks before something is done to what runs. The default is no."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.strip import Strip

from meshctl.present.lines import ACCENT, MUTED, STRONG, WARN, Line, Segment, line_cells
from meshctl.present.text import cell_len, fit
from meshctl.tui.widgets.toned import Toned

_MOST_DIGITS = 3


class QuestionLine(Toned, can_focus=True):
    """Stands in place of the footer while it asks.

    ``y`` is yes, every other key no; where a number is asked for, digits and Enter are yes to that number.
    """

    DEFAULT_CSS = "QuestionLine { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        self._now: int | None = None
        self._typed = ""
        self._yes: Callable[[int], None] | None = None
        self._after: Callable[[], None] | None = None
        self.display = False

    def ask(self, text: str, now: int | None, yes: Callable[[int], None], after: Callable[[], None]) -> None:
        """``yes`` is called with the number (0 where ``now`` is None), ``after`` in either case."""
        self._text, self._now, self._yes, self._after = text, now, yes, after
        self._typed = ""
        self.display = True
        self.refresh()
        self.screen.set_focus(self)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if self._now is None:
            self._answer(0 if event.key in ("y", "Y") else None)
        elif event.key == "enter":
            self._answer(self._number)
        elif event.key == "backspace":
            self._type(self._typed[:-1])
        elif event.key.isdecimal() and event.key.isascii():
            self._type((self._typed + event.key)[:_MOST_DIGITS])
        else:
            self._answer(None)

    def on_click(self, event: events.Click) -> None:
        start = cell_len(self._asked)
        chosen = self._now is None and start <= event.x < start + cell_len("y yes")
        self._answer(0 if chosen else None)

    def on_blur(self) -> None:
        """Not of the question before, if its answer leads to this one."""
        if self.screen.focused is not self:
            self._answer(None)

    def render_line(self, y: int) -> Strip:
        return self.toned_strip((Segment(self._asked, WARN), *self._choices()), self.size.width)

    @property
    def _asked(self) -> str:
        """The question with room for the answers: those are seen, however long it is."""
        return f" {fit(self._text, self.size.width - line_cells(self._choices()) - 3)}  "

    def _choices(self) -> Line:
        if self._now is None:
            return (
                Segment("y", ACCENT),
                Segment(" yes  ", MUTED),
                Segment("N", ACCENT),
                Segment(" no (default)", MUTED),
            )
        return (
            Segment(f"now {self._now}, then ", MUTED),
            Segment(f"{self._typed}▏", STRONG),
            Segment("  ⏎", ACCENT),
            Segment(" do it  ", MUTED),
            Segment("esc", ACCENT),
            Segment(" leave it (default)", MUTED),
        )

    @property
    def _number(self) -> int | None:
        """What was typed, None for nothing and for what it is already."""
        number = int(self._typed) if self._typed else self._now
        return number if number != self._now else None

    def _type(self, typed: str) -> None:
        self._typed = typed
        self.refresh()

    def _answer(self, number: int | None) -> None:
        if not self.display:
            return
        self.display = False
        if self._after is not None:
            self._after()
        if number is not None and self._yes is not None:
            self._yes(number)
