"""The filter: ``/`` shows it, every letter takes effect at once, Esc clears it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from meshctl.present.text import clean


class FilterLine(Horizontal):
    """Hidden while it is empty and nobody types in it. What ``back`` gives has the keyboard when one leaves it."""

    DEFAULT_CSS = """
    FilterLine { height: 1; }
    FilterLine Label { width: auto; padding: 0 1; color: $accent; }
    FilterLine Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    FilterLine Input:focus { border: none; background: transparent; background-tint: transparent 0%; }
    """

    @dataclass
    class Changed(Message):
        """Another text is wanted."""

        text: str

    def __init__(self, placeholder: str, back: Callable[[], Widget], *, sign: str = "/", id: str | None = None) -> None:
        super().__init__(id=id)
        self._back = back
        self._sign = sign
        self._input = Input(placeholder=f"{placeholder}; esc clears", compact=True)
        self.display = False

    def compose(self) -> ComposeResult:
        yield Label(self._sign)
        yield self._input

    @property
    def text(self) -> str:
        """What is filtered by, '' for nothing."""
        return self._input.value

    def open(self) -> None:
        """At once, so that what is typed next already lands here."""
        self.display = True
        self.screen.set_focus(self._input)

    def put(self, text: str) -> None:
        """Filter by ``text`` without taking the keyboard."""
        self._input.value = clean(text)
        self.display = bool(text)

    def clear(self) -> None:
        self._input.value = ""
        self.display = False

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.clear()
            self._leave()
        elif event.key in ("down", "up"):
            event.stop()
            self._leave()

    def _leave(self) -> None:
        if not self.text:
            self.display = False
        self.screen.set_focus(self._back())
