"""Where things stand on a service map: rows for services and edges, columns for the lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from meshctl.present.map_graph import Item, Segment

#: Up to so many lines of one gap, every order of them is tried.
_MOST_TRIED = 6
#: More than any number of crossings.
_CONFUSED = 1000


@dataclass(eq=False, slots=True)
class Trunk:
    """The upright line that the calls (or the messages) of one item leave by.

    ``column`` counts from the left; -1 is for what leads straight on.
    """

    source: Item
    segments: list[Segment]
    column: int = -1

    @property
    def rows(self) -> list[int]:
        """Where its branches go in."""
        return [segment.target.in_row(segment) for segment in self.segments]

    @property
    def straight(self) -> bool:
        return self.rows == [self.source.out_row]

    def reaches(self, row: int) -> bool:
        """Whether the upright line passes through a row."""
        ends = (*self.rows, self.source.out_row)
        return min(ends) <= row <= max(ends)


def placed(layers: Sequence[Sequence[Item]], height: int, gap: int) -> bool:
    """Give every item its row, near what it is joined to; whether that fits."""
    for layer in layers:
        if sum(item.height for item in layer) + gap * (len(layer) - 1) > height:
            return False
        _stack(layer, [0] * len(layer), height, gap)
    for number, forth in enumerate((True, False, True)):
        for layer in layers[1:] if forth else layers[-2::-1]:
            _stack(layer, [_wanted(item, forth) for item in layer], height, gap)
        if number == 2 and layers:
            _stack(layers[0], [_wanted(item, False) for item in layers[0]], height, gap)
    top = min((item.top for layer in layers for item in layer), default=0)
    for layer in layers:
        for item in layer:
            item.top -= top
    return True


def _wanted(item: Item, forth: bool) -> int:
    """The row that leaves the lines on one side as level as possible."""
    if forth:
        tops = [s.source.out_row - (item.in_row(s) - item.top) for s in item.ins]
    else:
        tops = [s.target.in_row(s) - item.inset for s in item.outs]
    if not tops:
        return item.top if item.ins or item.outs else 0
    return round(sum(tops) / len(tops))


def _stack(layer: Sequence[Item], wanted: Sequence[int], height: int, gap: int) -> None:
    """In order, without overlaps, as near as possible to the wanted rows."""
    free = 0
    for item, top in zip(layer, wanted, strict=True):
        item.top = max(free, top)
        free = item.top + item.height + gap
    limit = height
    for item in reversed(layer):
        item.top = min(item.top, limit - item.height)
        limit = item.top - gap


def trunks_of(layer: Sequence[Item]) -> list[Trunk] | None:
    """The upright lines after one layer, with their columns; None when no order of them can be read."""
    trunks = []
    for item in layer:
        for kind in dict.fromkeys(segment.edge.kind for segment in item.outs):
            trunks.append(Trunk(item, [s for s in item.outs if s.edge.kind == kind]))
    bent = [trunk for trunk in trunks if not trunk.straight]
    costs = {(id(one), id(other)): _cost(one, other) for one, other in permutations(bent, 2)}

    def cost(order: Sequence[Trunk]) -> int:
        return sum(costs[id(one), id(other)] for one, other in combinations(order, 2))

    best = min(permutations(bent) if len(bent) <= _MOST_TRIED else [tuple(_by_constraints(bent))], key=cost)
    if cost(best) >= _CONFUSED:
        return None
    for column, trunk in enumerate(best):
        trunk.column = column
    return trunks


def _by_constraints(trunks: list[Trunk]) -> list[Trunk]:
    """Who starts in a row that another one ends in comes before it."""
    order: list[Trunk] = []
    left = list(trunks)
    while left:
        free = [t for t in left if not any(_clash(t, other) for other in left if other is not t)]
        order.append((free or left)[0])
        left.remove(order[-1])
    return order


def _clash(later: Trunk, earlier: Trunk) -> bool:
    """Whether ``later`` may not stand before ``earlier``: their level parts would run into each other."""
    return later.source is not earlier.source and earlier.source.out_row in later.rows


def _cost(one: Trunk, other: Trunk) -> int:
    """What it costs to have ``one`` to the left of ``other``."""
    crossings = one.reaches(other.source.out_row) + sum(other.reaches(row) for row in one.rows)
    return crossings + (_CONFUSED if _clash(one, other) else 0)
