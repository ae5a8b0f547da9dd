"""The services list: headings and rows with a cursor that stays on its service while rows move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from meshctl.present.lines import ACCENT, Line, Span
from meshctl.present.services_rows import Row
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.toned import toned_strip


class ServiceList(LinePane):
    """Posts ``Moved`` when another service is under the cursor and ``Opened`` on a second click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end", "edge(-1)", show=False),
    ]

    @dataclass
    class Moved(Message):
        """Another service is selected."""

        service: str

    @dataclass
    class Opened(Message):
        """The selected service was clicked again."""

        service: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.keys: list[str] = []
        self.selected = ""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows. The selected service stays selected; if it is gone, its neighbour is."""
        position = self._selectable().index(self.selected) if self.selected in self.keys else 0
        self.keys = [row.key for row in rows]
        self.show([row.line for row in rows])
        names = self._selectable()
        if self.selected not in names:
            self._select(names[min(position, len(names) - 1)] if names else "")

    def select(self, service: str) -> None:
        """Put the cursor on a service that is shown."""
        if service in self._selectable():
            self._select(service)

    def action_move(self, by: int) -> None:
        names = self._selectable()
        if names:
            position = names.index(self.selected) + by
            self._select(names[max(0, min(len(names) - 1, position))])

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 2))

    def action_edge(self, index: int) -> None:
        names = self._selectable()
        if names:
            self._select(names[index])

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self.keys) or not self.keys[index]:
            return
        if self.keys[index] == self.selected:
            self.post_message(self.Opened(self.selected))
        else:
            self._select(self.keys[index])

    def line_strip(self, index: int, line: Line) -> Strip:
        if index >= len(self.keys) or not self.keys[index] or self.keys[index] != self.selected:
            return super().line_strip(index, line)
        marked = (Span("▌", ACCENT), Span(line[0].text[1:], line[0].tone), *line[1:])
        ground = self.get_component_rich_style("list--cursor", partial=True)
        return toned_strip(self, marked, self.size.width, ground)

    def _selectable(self) -> list[str]:
        return [key for key in self.keys if key]

    def _select(self, service: str) -> None:
        before, self.selected = self.selected, service
        if before == service:
            return
        for name in (before, service):
            if name in self.keys:
                self.refresh_line(self.keys.index(name))
        self._keep_in_view()
        self.post_message(self.Moved(service))

    def _keep_in_view(self) -> None:
        """Scroll as little as needed; the heading above a group's first row comes along."""
        if not self.selected or not self.size.height:
            return
        index = self.keys.index(self.selected)
        top = index - 1 if index and not self.keys[index - 1] else index
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif index >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=index - self.size.height + 1, animate=False)
