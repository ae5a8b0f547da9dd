"""A trace on its way to a waterfall: one column a fact, spans by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from meshctl.model.traces import Span
from meshctl.model.waterfall import Mark

NO_PARENT = -1


@dataclass(frozen=True, slots=True)
class Draft:
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

    def noting(self, note: str) -> Draft:
        return replace(self, notes=(*self.notes, note))

    def marking(self, indices: Sequence[int], mark: Mark) -> Draft:
        marks = dict(self.marks)
        for index in indices:
            marks[index] = marks.get(index, frozenset()) | {mark}
        return replace(self, marks=marks)


def drafted(spans: tuple[Span, ...]) -> Draft:
    """Parents found by id. Where an id occurs twice the last one counts."""
    index_of = {span.span_id: index for index, span in enumerate(spans)}
    return Draft(
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


def counted(number: int, noun: str) -> str:
    """``1 span``, ``3 spans``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
