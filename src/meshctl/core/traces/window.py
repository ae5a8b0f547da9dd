"""Which rows of a waterfall are seen, and which stretch of time."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from meshctl.model.waterfall import Mark, Waterfall, Window

#: Work after the root is shown whole up to so many times the root.
_DWARFED = 4


def visible(w: Waterfall, collapsed: AbstractSet[str]) -> list[int]:
    """Indices of the rows that are drawn while these spans are collapsed."""
    if not collapsed:
        return list(range(len(w.rows)))
    shown, index = [], 0
    while index < len(w.rows):
        shown.append(index)
        row = w.rows[index]
        index += 1 + (row.descendants if row.span.span_id in collapsed else 0)
    return shown


def everything(w: Waterfall) -> Window:
    """All of the trace's time."""
    return Window(0, max(1, w.duration_ns))


def whole(w: Waterfall) -> Window:
    """The time to begin with: all of it, but the root and as much again where late work would dwarf it."""
    extent = max((row.end_ns for row in w.rows if Mark.LATE not in row.marks), default=0)
    return everything(w) if extent * _DWARFED >= w.duration_ns else Window(0, max(1, extent * 2))
