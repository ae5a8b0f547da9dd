"""The keys of one screen, from the registry of actions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label

from meshctl.present.lines import ACCENT, Line, Segment
from meshctl.present.text import cell_len, pad
from meshctl.tui.actions import WIDGET_KEYS, on_screen
from meshctl.tui.context import show_key
from meshctl.tui.widgets.line_pane import LinePane


class HelpScreen(ModalScreen[None]):
    """Any of ``?``, Esc, Enter and q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter,q", "dismiss", show=False, priority=True),
    ]

    def __init__(self, screen: str, title: str) -> None:
        super().__init__()
        self._lines = help_lines(screen)
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = f" {self._title}: keys "
            pane = LinePane(id="keys")
            pane.styles.height = len(self._lines)
            yield pane
            yield Label("esc closes", id="close")

    def on_mount(self) -> None:
        self.query_one(LinePane).show(self._lines)
        self.query_one(LinePane).focus()

    def on_click(self) -> None:
        self.dismiss()


def help_lines(screen: str) -> list[Line]:
    """One line per key."""
    rows = dict(WIDGET_KEYS[screen])
    for action in on_screen(screen):
        if action.keys:
            keys = "  ".join(show_key(key) for key in action.keys if key != "equals_sign")
            rows[keys] = f"{rows[keys]} · {action.help}" if keys in rows else action.help
    return [(Segment(f" {pad(keys, max(12, cell_len(keys)))}", ACCENT), Segment(what)) for keys, what in rows.items()]
