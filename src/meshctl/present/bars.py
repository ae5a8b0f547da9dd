"""Bars of the waterfall: a span as cells, where it is critical in another shape."""

from __future__ import annotations

from bisect import bisect_right

from meshctl.model.waterfall import Mark, WaterfallRow, Window
from meshctl.present.lines import ACCENT, BAD, MUTED, PLAIN, Segment, service_tone
from meshctl.present.text import pad

CRITICAL, USUAL, INSTANT, LATE, BEFORE, AFTER = "█", "━", "│", "⤷", "‹", "›"


def bar_span(row: WaterfallRow, window: Window, columns: int) -> tuple[int, int]:
    """Cells ``[first, last)`` of ``columns`` that the row's bar takes, at least one.

    ``(0, 0)`` when all of it lies before the window, ``(columns, columns)`` when all of it lies after.
    """
    span = max(1, window.end_ns - window.start_ns)
    if row.end_ns < window.start_ns:
        return 0, 0
    if row.start_ns > window.end_ns:
        return columns, columns
    first = max(0, min(columns - 1, (row.start_ns - window.start_ns) * columns // span))
    last = -(-(row.end_ns - window.start_ns) * columns // span)
    return first, max(first + 1, min(columns, last))


def bar_cells(row: WaterfallRow, window: Window, columns: int) -> list[Segment]:
    """Exactly ``columns`` cells."""
    if columns <= 0:
        return []
    first, last = bar_span(row, window, columns)
    tone = BAD if row.span.failed else service_tone(row.span.service)
    if first == last:
        return [Segment(pad(BEFORE, columns) if last == 0 else pad(AFTER, columns, right=True), MUTED)]
    cells = [Segment(" " * first, PLAIN)] if first else []
    cells += _shapes(row, window, columns, (first, last), tone)
    return [*cells, Segment(" " * (columns - last))] if last < columns else cells


def _shapes(row: WaterfallRow, window: Window, columns: int, place: tuple[int, int], tone: str) -> list[Segment]:
    first, last = place
    late = Mark.LATE in row.marks and row.start_ns >= window.start_ns
    if row.duration_ns == 0:
        return [Segment(LATE if late else INSTANT, tone)]
    if not (late or row.critical):
        return [Segment(USUAL * (last - first), tone)]
    shapes = [USUAL] * (last - first)
    for cell in range(first, last) if row.critical else ():
        if _critical(row, window, columns, cell):
            shapes[cell - first] = CRITICAL
    if late:
        shapes[0] = LATE
    runs: list[Segment] = []
    begin = 0
    for end in range(1, len(shapes) + 1):
        if end == len(shapes) or shapes[end] != shapes[begin]:
            strong = shapes[begin] == CRITICAL and not row.span.failed
            runs.append(Segment("".join(shapes[begin:end]), ACCENT if strong else tone))
            begin = end
    return runs


def _critical(row: WaterfallRow, window: Window, columns: int, cell: int) -> bool:
    """Whether a stretch of the critical path begins in one cell, or takes half of the row's time in it."""
    span = max(1, window.end_ns - window.start_ns)
    begin = max(row.start_ns, window.start_ns + cell * span // columns)
    end = min(row.end_ns, window.start_ns + (cell + 1) * span // columns)
    index = bisect_right(row.critical, max(begin, end - 1), key=_begin) - 1
    if index < 0:
        return False
    starts, stops = row.critical[index]
    return stops > begin and (starts >= begin or (stops - begin) * 2 >= end - begin)


def _begin(stretch: tuple[int, int]) -> int:
    return stretch[0]
