"""The tab line: screens that exist, with their digits. A click switches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.message import Message

from meshctl.present.frame import tab_line
from meshctl.present.text import cell_len
from meshctl.tui.context import TABS
from meshctl.tui.widgets.line_bar import LineBar


class TabBar(LineBar):
    """``notice`` is asked for the text at the right end of the line."""

    @dataclass
    class Chosen(Message):
        """A tab was clicked."""

        mode: str

    def __init__(self, mode: str, notice: Callable[[], str], *, id: str | None = None) -> None:
        title = next(title for _, name, title in TABS if name == mode)
        tabs = [(key, title) for key, _, title in TABS]
        super().__init__(lambda width: tab_line(tabs, title, notice(), width), id=id)

    def on_click(self, event: events.Click) -> None:
        x = 1
        for key, mode, title in TABS:
            width = cell_len(f"{key} {title}  ")
            if x <= event.x < x + width:
                self.post_message(self.Chosen(mode))
                return
            x += width
