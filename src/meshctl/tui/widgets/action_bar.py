"""The footer: what works on what is selected. A click does what the key does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from meshctl.present.lines import ACCENT, MUTED, Line, Segment
from meshctl.present.text import cell_len
from meshctl.tui.context import Action
from meshctl.tui.widgets.toned import Toned


class ActionBar(Toned):
    """Labels that do not fit are left out; ``? help`` is always there."""

    DEFAULT_CSS = "ActionBar { height: 1; }"

    @dataclass
    class Chosen(Message):
        """A label was clicked."""

        name: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._actions: tuple[Action, ...] = ()

    def show(self, actions: Sequence[Action]) -> None:
        fresh = tuple(action for action in actions if action.footer)
        if fresh != self._actions:
            self._actions = fresh
            self.refresh()

    def render_line(self, y: int) -> Strip:
        spans: list[Segment] = [Segment(" ")]
        for action in self._fitting():
            spans += [Segment(action.shown_key, ACCENT), Segment(f" {action.label}", MUTED), Segment("  ")]
        line: Line = tuple(spans)
        return self.toned_strip(line, self.size.width)

    def on_click(self, event: events.Click) -> None:
        x = 1
        for action in self._fitting():
            width = _width(action)
            if x <= event.x < x + width:
                self.post_message(self.Chosen(action.name))
                return
            x += width

    def _fitting(self) -> list[Action]:
        fitting = list(self._actions)
        while fitting and 1 + sum(map(_width, fitting)) - 2 > self.size.width:
            least = next((a for a in reversed(fitting) if a.name not in ("help", "back")), fitting[-1])
            fitting.remove(least)
        return fitting


def _width(action: Action) -> int:
    return cell_len(f"{action.shown_key} {action.label}  ")
