"""The tree of a trace: depth first, children by start, without recursion."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from meshctl.core.traces.draft import NO_PARENT


@dataclass(frozen=True, slots=True)
class Tree:
    """``order`` are indices depth first, ``children`` by parent and start; the other two are columns by index."""

    order: Sequence[int]
    children: Mapping[int, Sequence[int]]
    depths: Sequence[int]
    descendants: Sequence[int]


def grown(parents: Sequence[int], starts: Sequence[int], last: Collection[int] = ()) -> Tree:
    """Without cycles only. Roots by start, those in ``last`` after the others."""
    children: dict[int, list[int]] = {}
    for index in sorted(range(len(parents)), key=starts.__getitem__):
        children.setdefault(parents[index], []).append(index)
    roots = sorted(children.pop(NO_PARENT, ()), key=lambda index: index in last)
    order: list[int] = []
    waiting = roots[::-1]
    while waiting:
        index = waiting.pop()
        order.append(index)
        below = children.get(index)
        if below:
            waiting.extend(reversed(below))
    return Tree(order, children, _depths(order, parents), _descendants(order, parents))


def _depths(order: Sequence[int], parents: Sequence[int]) -> list[int]:
    depths = [0] * len(parents)
    for index in order:
        parent = parents[index]
        if parent != NO_PARENT:
            depths[index] = depths[parent] + 1
    return depths


def _descendants(order: Sequence[int], parents: Sequence[int]) -> list[int]:
    counts = [0] * len(parents)
    for index in reversed(order):
        parent = parents[index]
        if parent != NO_PARENT:
            counts[parent] += counts[index] + 1
    return counts


def self_time(start: int, end: int, below: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> int:
    """Nanoseconds of ``start``..``end`` in which none of the spans ``below``, sorted by start, ran."""
    busy, cursor = 0, start
    for child in below:
        begin, finish = starts[child], ends[child]
        begin = begin if begin > cursor else cursor
        finish = finish if finish < end else end
        if finish > begin:
            busy += finish - begin
            cursor = finish
    return end - start - busy
