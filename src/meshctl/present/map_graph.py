"""The order of a service map: which layer a service stands in, and which edges go round in a circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from meshctl.model.traces import ServiceEdge

_SWEEPS = 4


@dataclass(eq=False, slots=True)
class Item:
    """A service in its layer, or with ``name`` '' the place where an edge passes through a layer."""

    name: str
    layer: int
    ins: list[Segment] = field(default_factory=list)
    outs: list[Segment] = field(default_factory=list)
    #: Edges that are told inside the service, because they lead back.
    loops: list[ServiceEdge] = field(default_factory=list)
    top: int = 0
    height: int = 1
    #: Rows from the top to the first row that lines may lead to.
    inset: int = 0

    @property
    def out_row(self) -> int:
        return self.top + self.inset

    def in_row(self, segment: Segment) -> int:
        """Each line that comes in has its own row."""
        return self.top + self.inset + self.ins.index(segment)


@dataclass(eq=False, slots=True)
class Segment:
    """A part of an edge, from one layer to the next."""

    edge: ServiceEdge
    source: Item
    target: Item


def layered(names: Sequence[str], edges: Sequence[ServiceEdge]) -> list[list[Item]]:
    """Services left to right in the direction of the calls, each layer in an order with few crossings."""
    forward, backward = _acyclic(names, edges)
    depth = _depths(names, forward)
    layers: list[list[Item]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    items = {name: Item(name, depth[name]) for name in names}
    for item in items.values():
        layers[item.layer].append(item)
    for edge in forward:
        _connect(items[edge.caller], items[edge.target], edge, layers)
    for edge in backward:
        items[edge.caller].loops.append(edge)
    _order(layers)
    return layers


def _acyclic(names: Sequence[str], edges: Sequence[ServiceEdge]) -> tuple[list[ServiceEdge], list[ServiceEdge]]:
    """Edges that lead on, and those that lead back to where one came from."""
    after: dict[str, list[ServiceEdge]] = {name: [] for name in names}
    called = set()
    for known in edges:
        after[known.caller].append(known)
        called.add(known.target)
    back: set[int] = set()
    done: set[str] = set()
    for start in sorted(names, key=lambda name: (name in called, names.index(name))):
        stack, path = [(start, iter(after[start]))], {start}
        if start in done:
            continue
        while stack:
            name, rest = stack[-1]
            edge: ServiceEdge | None = next(rest, None)
            if edge is None:
                stack.pop()
                path.discard(name)
                done.add(name)
            elif edge.target in path:
                back.add(id(edge))
            elif edge.target not in done:
                path.add(edge.target)
                stack.append((edge.target, iter(after[edge.target])))
    return [e for e in edges if id(e) not in back], [e for e in edges if id(e) in back]


def _depths(names: Sequence[str], edges: Sequence[ServiceEdge]) -> dict[str, int]:
    """The longest way to each service."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        changed = False
        for edge in edges:
            if depth[edge.target] <= depth[edge.caller]:
                depth[edge.target] = depth[edge.caller] + 1
                changed = True
        if not changed:
            break
    return depth


def _connect(source: Item, target: Item, edge: ServiceEdge, layers: list[list[Item]]) -> None:
    """A segment to the next layer, or a chain of them."""
    at = source
    for layer in range(source.layer + 1, target.layer):
        passing = Item("", layer)
        layers[layer].append(passing)
        _join(at, passing, edge)
        at = passing
    _join(at, target, edge)


def _join(source: Item, target: Item, edge: ServiceEdge) -> None:
    segment = Segment(edge, source, target)
    source.outs.append(segment)
    target.ins.append(segment)


def _order(layers: list[list[Item]]) -> None:
    """Each item near the middle of what it is joined to; back and forth a few times."""
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for layer in layers[1:] if forth else layers[-2::-1]:
            places = {id(item): place for other in layers for place, item in enumerate(other)}
            layer.sort(key=lambda item, places=places, forth=forth: _middle(item, places, forth))  # type: ignore[misc]
    places = {id(item): place for layer in layers for place, item in enumerate(layer)}
    for layer in layers:
        layer.sort(key=lambda item: not item.ins and not item.outs)
        for item in layer:
            item.ins.sort(key=lambda segment: places[id(segment.source)])


def _middle(item: Item, places: dict[int, int], forth: bool) -> float:
    near = [places[id(s.source)] for s in item.ins] if forth else [places[id(s.target)] for s in item.outs]
    return sum(near) / len(near) if near else places[id(item)]
