"""The spans of a trace as columns while they become a waterfall, and the tree that they form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meshctl.model.spans import Span
from meshctl.model.waterfall import Mark

NO_PARENT = -1


@dataclass(frozen=True, slots=True)
class SpanColumns:
    """``parents``, ``starts`` (Unix ns) and ``durations`` (ns) have one entry a span; adjusters replace them.

    A parent is the index of a span, -1 for a root. ``marks`` holds what adjusters found, by index; ``notes`` are
    sentences about it. Nobody changes a column in place.
    """

    spans: tuple[Span, ...]
    parents: Sequence[int]
    starts: Sequence[int]
    durations: Sequence[int]
    marks: Mapping[int, frozenset[Mark]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def with_note(self, note: str) -> SpanColumns:
        return replace(self, notes=(*self.notes, note))

    def with_mark(self, indices: Sequence[int], mark: Mark) -> SpanColumns:
        marks = dict(self.marks)
        for index in indices:
            marks[index] = marks.get(index, frozenset()) | {mark}
        return replace(self, marks=marks)


def columns_of(spans: tuple[Span, ...]) -> SpanColumns:
    """Parents found by id. Where an id occurs twice the last one counts."""
    index_of = {span.span_id: index for index, span in enumerate(spans)}
    return SpanColumns(
        spans,
        [index_of.get(span.parent_id, NO_PARENT) if span.parent_id else NO_PARENT for span in spans],
        [span.start_ns for span in spans],
        [span.duration_ns for span in spans],
    )


def parents_first(parents: Sequence[int]) -> list[int]:
    """Every index after its parent's. Without cycles only."""
    children: dict[int, list[int]] = {}
    for index, parent in enumerate(parents):
        children.setdefault(parent, []).append(index)
    order = list(children.get(NO_PARENT, ()))
    for index in order:  # grows while it is walked
        order.extend(children.get(index, ()))
    return order


@dataclass(frozen=True, slots=True)
class Tree:
    """``order`` are indices depth first, ``children`` by parent and start; the other two are columns by index."""

    order: Sequence[int]
    children: Mapping[int, Sequence[int]]
    depths: Sequence[int]
    descendants: Sequence[int]


def tree_of(parents: Sequence[int], starts: Sequence[int], last: Collection[int] = ()) -> Tree:
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
