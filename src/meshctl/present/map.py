"""The service map: services in boxes, calls as lines from left to right, messages dashed, errors red and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from meshctl.model.config import ServiceKind
from meshctl.model.status import Health, ServiceStatus
from meshctl.model.traces import ServiceEdge
from meshctl.present.lines import ACCENT, BAD, MUTED, STRONG, Line, service_tone
from meshctl.present.map_canvas import DOWN, LEFT, RIGHT, UP, Canvas
from meshctl.present.map_graph import Item, Segment, layered
from meshctl.present.map_layout import Trunk, placed, trunks_of
from meshctl.present.map_table import label_text, rate_text
from meshctl.present.status import symbol, tone
from meshctl.present.text import cell_len, fit, pad

_MOST_NAME = 22
_MESSAGE = "message"
#: Lines that are not the map's, and those that the table must have at least.
_FRAME, _LEAST_TABLE = 8, 5


def ends_shown(services: Iterable[ServiceStatus], edges: Sequence[ServiceEdge]) -> dict[str, Health | None]:
    """The application's services, and whatever was called; infrastructure only when it was called."""
    statuses = {status.service: status for status in services}
    ends = {end for edge in edges for end in (edge.caller, edge.target)}
    shown = [s.service for s in statuses.values() if s.kind is ServiceKind.APPLICATION or s.service in ends]
    names = dict.fromkeys((*shown, *sorted(ends)))
    return {name: statuses[name].health if name in statuses else None for name in names}


class Box(NamedTuple):
    """Where a service stands: its left column, top row, width and height."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class ServiceMap:
    """``lines`` to draw, ``boxes`` by service, in the order of layers."""

    lines: tuple[Line, ...]
    boxes: Mapping[str, Box]
    layers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Style:
    """How much room is taken: words of a label, columns between upright lines, rows between boxes."""

    detail: int
    spacing: int
    gap: int
    boxed: bool = True


_STYLES = (
    *(_Style(detail, spacing, 1) for detail, spacing in ((3, 2), (3, 1), (2, 2), (2, 1), (1, 2), (1, 1))),
    *(_Style(detail, 1, 0) for detail in (3, 2, 1)),
    *(_Style(detail, 1, 0, boxed=False) for detail in (3, 2, 1)),
)


def service_map(
    health: Mapping[str, Health | None],
    edges: Sequence[ServiceEdge],
    width: int,
    height: int,
    selected: str = "",
    causes: Set[str] = frozenset(),
) -> ServiceMap | None:
    """Draw the services of ``health`` (None: not known) and of ``edges``; None when it cannot fit and be read.

    Those through which others fail are the ``causes``.
    """
    names = list(dict.fromkeys((*health, *(end for edge in edges for end in (edge.caller, edge.target)))))
    if not names or width < 1 or height < 1:
        return None
    for style in _STYLES:
        drawn = _Drawing(layered(names, edges), health, style, selected, causes).fitted(width, height)
        if drawn is not None:
            return drawn
    return None


def fitted_map(
    health: Mapping[str, Health | None],
    edges: Sequence[ServiceEdge],
    width: int,
    height: int,
    selected: str,
    causes: Set[str] = frozenset(),
) -> ServiceMap | None:
    """The map in a screen of that size: the frame takes six lines and the table's rule two.

    The table of edges has what it needs, at most two fifths.
    """
    table = min(len(edges) + 1, max(_LEAST_TABLE, height * 2 // 5))
    return service_map(health, edges, width, height - _FRAME - table, selected, causes)


class _Drawing:
    """One try to draw the map in one style."""

    def __init__(
        self,
        layers: list[list[Item]],
        health: Mapping[str, Health | None],
        style: _Style,
        selected: str,
        causes: Set[str],
    ) -> None:
        self._layers = layers
        self._health = health
        self._causes = causes
        self._style = style
        self._selected = selected
        for item in (item for layer in layers for item in layer if item.name):
            item.inset = 1 if style.boxed else 0
            item.height = max(1, len(item.ins)) + len(item.loops) + 2 * item.inset

    def fitted(self, width: int, height: int) -> ServiceMap | None:
        if not placed(self._layers, height, self._style.gap):
            return None
        gaps = [trunks_of(layer) for layer in self._layers]
        columns, x = [], 0
        for layer, trunks in zip(self._layers, gaps, strict=True):
            if trunks is None:
                return None
            columns.append(x)
            x += self._node_width(layer) + self._gap_width(trunks)
        if x > width:
            return None
        canvas = Canvas()
        for layer, trunks, left in zip(self._layers, gaps, columns, strict=True):
            self._draw_lines(canvas, layer, trunks or [], left)
        boxes: dict[str, Box] = {}
        for layer, left in zip(self._layers, columns, strict=True):
            for item in layer:
                if item.name:
                    boxes[item.name] = self._draw_node(canvas, item, left, self._node_width(layer))
        names = tuple(tuple(item.name for item in layer if item.name) for layer in self._layers)
        return ServiceMap(tuple(canvas.lines(x, (width - x) // 2)), _moved(boxes, (width - x) // 2), names)

    # -- sizes

    def _node_width(self, layer: Sequence[Item]) -> int:
        inner = max((cell_len(text) for item in layer if item.name for text in self._texts(item)), default=0)
        return inner + (4 if self._style.boxed else 2)

    def _texts(self, item: Item) -> list[str]:
        """The name with its sign, then what leads back."""
        loops = [f"↺ {fit(edge.target, _MOST_NAME)} {rate_text(edge.rate)}" for edge in item.loops]
        return [f"{self._sign(item.name)[0]} {fit(item.name, _MOST_NAME)}", *loops]

    def _sign(self, name: str) -> tuple[str, str]:
        health = self._health.get(name)
        if health is None:
            return "◇", MUTED
        return symbol(health), BAD if name in self._causes else tone(health)

    def _gap_width(self, trunks: Sequence[Trunk]) -> int:
        if not trunks:
            return 0
        bends = sum(1 for trunk in trunks if trunk.column >= 0)
        labels = max(cell_len(self._label(segment)) for trunk in trunks for segment in trunk.segments)
        return 1 + bends * self._style.spacing + (labels + 3 if labels else 1) + 1

    def _label(self, segment: Segment) -> str:
        return label_text(segment.edge, self._style.detail) if segment.target.name else ""

    # -- lines

    def _draw_lines(self, canvas: Canvas, layer: Sequence[Item], trunks: Sequence[Trunk], left: int) -> None:
        start = left + self._node_width(layer)
        end = start + self._gap_width(trunks)
        for item in layer:
            for segment in item.outs if not item.name else ():
                canvas.across(item.out_row, left, start, self._tone(segment), _dashed(segment))
        lines = [(trunk, segment) for trunk in trunks for segment in trunk.segments]
        for trunk, segment in sorted(lines, key=lambda line: self._rank(line[1])):
            self._draw_segment(canvas, trunk, segment, start, end)
        for _, segment in lines:
            self._draw_label(canvas, segment, end)

    def _draw_segment(self, canvas: Canvas, trunk: Trunk, segment: Segment, start: int, end: int) -> None:
        out, into = segment.source.out_row, segment.target.in_row(segment)
        how, dashed = self._tone(segment), _dashed(segment)
        if trunk.column < 0:
            canvas.across(out, start, end, how, dashed)
            return
        x = start + 1 + trunk.column * self._style.spacing
        canvas.across(out, start, x, how, dashed)
        canvas.join(x, out, LEFT, how, dashed)
        for row in range(min(out, into), max(out, into) + 1):
            ends = (UP if row > min(out, into) else 0) | (DOWN if row < max(out, into) else 0)
            canvas.join(x, row, ends, how, dashed)
        canvas.join(x, into, RIGHT, how, dashed)
        canvas.across(into, x + 1, end, how, dashed)

    def _draw_label(self, canvas: Canvas, segment: Segment, end: int) -> None:
        if not segment.target.name:
            return
        row, label = segment.target.in_row(segment), self._label(segment)
        how = self._tone(segment)
        canvas.write(end - 1, row, "▶", how)
        if label:
            canvas.write(end - 3 - cell_len(label), row, f" {label} ", how if how != MUTED else "")

    def _tone(self, segment: Segment) -> str:
        edge = segment.edge
        if edge.errors:
            return BAD
        return ACCENT if self._selected in (edge.caller, edge.target) and self._selected else MUTED

    def _rank(self, segment: Segment) -> int:
        """What matters is drawn over what does not."""
        return (MUTED, ACCENT, BAD).index(self._tone(segment))

    # -- services

    def _draw_node(self, canvas: Canvas, item: Item, left: int, width: int) -> Box:
        chosen = item.name == self._selected
        border = ACCENT if chosen else MUTED
        texts = self._texts(item)
        inner = width - (4 if self._style.boxed else 2)
        if self._style.boxed:
            canvas.box(left, item.top, width, item.height, border, bool(item.outs), item.out_row)
        else:
            for row in range(item.height):
                canvas.write(left, item.top + row, "▌" if chosen else "▏", border)
                canvas.write(left + 1, item.top + row, " " * (width - 1), "")
        x, first = left + (2 if self._style.boxed else 1), item.out_row
        sign, how = self._sign(item.name)
        canvas.write(x, first, sign, how)
        canvas.write(x + 2, first, pad(texts[0][2:], inner - 2), STRONG if chosen else service_tone(item.name))
        if not self._style.boxed and item.outs:
            taken = 2 + cell_len(texts[0][2:]) + 1
            canvas.write(x + taken, first, "─" * max(0, width - 1 - taken), MUTED)
        for number, (text, edge) in enumerate(zip(texts[1:], item.loops, strict=True)):
            row = item.top + item.height - item.inset - len(item.loops) + number
            canvas.write(x, row, text, BAD if edge.errors else MUTED)
        return Box(left, item.top, width, item.height)


def _dashed(segment: Segment) -> bool:
    return segment.edge.kind == _MESSAGE


def _moved(boxes: Mapping[str, Box], by: int) -> dict[str, Box]:
    return {name: box._replace(x=box.x + by) for name, box in boxes.items()}
