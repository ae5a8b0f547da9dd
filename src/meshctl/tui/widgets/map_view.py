"""The drawn map: arrows go from service to service, a click selects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from meshctl.present.lines import MUTED, Line, Segment
from meshctl.present.map import Box, ServiceMap
from meshctl.tui.widgets.line_pane import LinePane

_NO_ROOM: Sequence[Line] = ((Segment(" The map needs more room; the table has it all.", MUTED),),)

#: What these keys do, for the help.
MAP_KEYS = (("↑ ↓ ← →", "select a service"), ("pgup pgdn", "scroll the table"))


class MapView(LinePane):
    """Shows a map, or nothing when it does not fit; the arrows work all the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(0, -1)", show=False, priority=True),
        Binding("down,j", "step(0, 1)", show=False, priority=True),
        Binding("left", "step(-1, 0)", show=False, priority=True),
        Binding("right", "step(1, 0)", show=False, priority=True),
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
        self.selected = ""
        self._map: ServiceMap | None = None
        self._names: Sequence[str] = ()

    def show_map(self, drawn: ServiceMap | None, names: Sequence[str]) -> None:
        """``names`` are all services, for when there is no room to draw them."""
        self._map, self._names = drawn, names
        self.show(drawn.lines if drawn is not None else _NO_ROOM)

    def choose(self, names: Sequence[str]) -> str:
        """Keep the selection among these, else take the first; return it."""
        if self.selected not in names:
            self.selected = names[0] if names else ""
        return self.selected

    def action_step(self, across: int, down: int) -> None:
        if self._map is None:
            self._go(self._listed(across + down))
        elif self.selected in self._map.boxes:
            self._go(_next(self._map, self.selected, across, down))

    def on_click(self, event: events.Click) -> None:
        x, y = event.x, event.y + self.scroll_offset.y
        boxes = self._map.boxes if self._map is not None else {}
        name = next((name for name, box in boxes.items() if box.holds(x, y)), "")
        if name and name == self.selected:
            self.post_message(self.Opened(name))
        self._go(name)

    def _listed(self, by: int) -> str:
        if self.selected not in self._names:
            return ""
        place = self._names.index(self.selected) + by
        return self._names[max(0, min(len(self._names) - 1, place))]

    def _go(self, name: str) -> None:
        if name and name != self.selected:
            self.selected = name
            self.post_message(self.Moved(name))


def _next(drawn: ServiceMap, name: str, across: int, down: int) -> str:
    """The service above or below, or the nearest one of the next layer that has any; '' at the edge."""
    boxes = drawn.boxes
    layer = next(number for number, names in enumerate(drawn.layers) if name in names)
    if down:
        beside = sorted(drawn.layers[layer], key=lambda other: boxes[other].y)
        place = beside.index(name) + down
        return beside[place] if 0 <= place < len(beside) else ""
    layer += across
    while 0 <= layer < len(drawn.layers):
        if drawn.layers[layer]:
            return min(drawn.layers[layer], key=lambda other: abs(_middle(boxes[other]) - _middle(boxes[name])))
        layer += across
    return ""


def _middle(box: Box) -> float:
    return box.y + box.height / 2
