"""The waterfall, line by line: a header, a ruler, and one line a span. Cells, not characters, are counted."""

from __future__ import annotations

from bisect import bisect_left

from meshctl.core.traces.waterfall.navigation import WaterfallNavigation
from meshctl.core.traces.waterfall.view import whole
from meshctl.model.spans import Span, SpanKind
from meshctl.model.waterfall import Mark, Waterfall, WaterfallRow, Window
from meshctl.present.bars import bar_cells, bar_span
from meshctl.present.lines import (
    ACCENT,
    BAD,
    MUTED,
    STRONG,
    WARN,
    Line,
    Segment,
    fit_line,
    line_cells,
    service_tone,
    words,
)
from meshctl.present.ruler import ruler_text, span_time
from meshctl.present.text import cell_len, fit, pad
from meshctl.present.trace_header import first_of, header_line

__all__ = ("bar_span", "header_line", "name_width", "narrowed_ruler", "note_line", "printed", "row_line", "ruler_line")

#: Cells of the duration at the right edge, with the gap before it.
TIME_WIDTH = 9
_LEAST_NAME, _MOST_NAME = 26, 72
_LEAST_SERVICE = 13
#: From this width of the names on, a level of the tree takes two cells.
_ROOMY = 36
_SPACE, _TO = Segment(" "), Segment(" → ", MUTED)
_PEER_KEYS = ("peer.service", "db.system.name", "db.system", "messaging.system", "server.address")
SIGNS = {
    Mark.ERROR: ("✖", BAD),
    Mark.RETRY: ("↻", WARN),
    Mark.SHORT_CIRCUIT: ("⚡", WARN),
    Mark.RATE_LIMITED: ("⏱", WARN),
    Mark.ORPHAN: ("?", WARN),
    Mark.OUTSIDE: ("↔", MUTED),
    Mark.SKEWED: ("≈", MUTED),
    Mark.LATE: ("⤷", MUTED),
}


def name_width(width: int) -> int:
    """Cells before the bars begin."""
    return min(max(_LEAST_NAME, min(_MOST_NAME, width * 9 // 20)), width)


def bar_width(width: int) -> int:
    """Cells of the bars."""
    return max(0, width - name_width(width) - TIME_WIDTH)


def printed(w: Waterfall, width: int) -> list[Line]:
    """All of it at once: header, ruler, every row, and what is to be noted."""
    window = whole(w)
    rows = [row_line(w, index, window, width) for index in range(len(w.rows))]
    notes: list[Line] = [(Segment(f" {line}", MUTED),) for note in w.notes for line in words(note, width - 2)]
    return [header_line(w, width), ruler_line(w, window, width), *rows, *notes]


def ruler_line(w: Waterfall, window: Window, width: int) -> Line:
    """Round times above the bars."""
    scale = ruler_text(window.start_ns, window.end_ns, bar_width(width))
    return (Segment(fit(" " * name_width(width) + scale + " " * TIME_WIDTH, width), MUTED),)


def narrowed_ruler(nav: WaterfallNavigation, width: int) -> Line:
    """The scale of what is looked at; to the left of it what narrows the rows."""
    if nav.view is None:
        return ()
    scale = ruler_line(nav.view.waterfall, nav.view.window, width)
    said, names = _narrowed(nav), name_width(width)
    if not said or not scale or cell_len(said) >= names:
        return scale
    return (Segment(pad(f" {said}", names), ACCENT), Segment(scale[0].text[names:], scale[0].tone), *scale[1:])


def _narrowed(nav: WaterfallNavigation) -> str:
    """``2 of 14 found``, or that only the critical path is shown; '' for neither."""
    if nav.wanted:
        place = bisect_left(nav.found, nav.index)
        here = f"{place + 1:,} of " if place < len(nav.found) and nav.found[place] == nav.index else ""
        return f"{here}{len(nav.found):,} found" if nav.found else "nothing found"
    return "only the critical path" if nav.view is not None and nav.view.only_critical else ""


def note_line(w: Waterfall, width: int) -> Line:
    """What is to be noted, in one line."""
    return (Segment(fit(f" {' · '.join(w.notes)}", width), WARN),)


def row_line(w: Waterfall, index: int, window: Window, width: int, *, collapsed: bool = False) -> Line:
    """One span in exactly ``width`` cells: tree sign, service, name, signs, bar, duration."""
    row = w.rows[index]
    names = name_width(width)
    head = _head(row, names, collapsed)
    room = names - line_cells(head) - 1
    line = (*head, *_label(row, room, collapsed), _SPACE, *bar_cells(row, window, bar_width(width)))
    took = Segment(pad(span_time(row.duration_ns), TIME_WIDTH, right=True), BAD if row.span.failed else "")
    return fit_line((*line, took), width)


def _head(row: WaterfallRow, names: int, collapsed: bool) -> Line:
    """Indent, sign and service. Names stand below each other as long as the tree is not too deep."""
    column, step = names * 2 // 5, 2 if names >= _ROOMY else 1
    deepest = names // 3
    indent = row.depth * step
    lead = " " * (indent + 1) if indent <= deepest else " " * deepest + "…"
    sign = ("▸" if collapsed else "▾") if row.descendants else "·"
    service = row.span.service or "?"
    room = max(column - cell_len(lead) - 3, min(_LEAST_SERVICE, cell_len(service)))
    return (Segment(f"{lead}{sign} ", MUTED), Segment(pad(service, room), service_tone(row.span.service)), _SPACE)


def _label(row: WaterfallRow, room: int, collapsed: bool) -> Line:
    """Name, target and signs in exactly ``room`` cells; the words of the signs go first, then the end of the name."""
    target = row.target or peer_of(row)
    label: list[Segment] = [Segment(row.span.name, STRONG if row.depth == 0 else "")]
    if target:
        label += [_TO, Segment(target, service_tone(target))]
    if collapsed and row.descendants:
        label.append(Segment(f" +{row.descendants:,}", MUTED))
    for with_words in (True, False):
        signs = _signs(row, with_words=with_words)
        taken = line_cells(signs)
        if line_cells(label) + taken <= room:
            break
    if room - taken < 1:
        return _filled(signs, room)
    return (*_filled(tuple(label), room - taken), *signs)


def _filled(line: Line, room: int) -> Line:
    line = fit_line(line, max(0, room))
    return (*line, Segment(" " * (room - line_cells(line))))


def _signs(row: WaterfallRow, *, with_words: bool) -> Line:
    signs: list[Segment] = []
    for mark in row.marks:
        sign, tone = SIGNS[mark]
        signs.append(Segment(f" {sign} {mark_word(row.span, mark)}" if with_words else f" {sign}", tone))
    return tuple(signs)


def mark_word(span: Span, mark: Mark) -> str:
    """``error``, ``retry 2``."""
    if mark is Mark.RETRY:
        attempt = span.attributes.get("mesh.attempt")
        resent = first_of(span.attributes, ("http.request.resend_count",))
        number = attempt if isinstance(attempt, int) else resent + 1 if isinstance(resent, int) else 0
        return f"retry {number - 1}" if number > 1 else mark.value
    return mark.value


def peer_of(row: WaterfallRow) -> str:
    """What a client span without a span on the other side talked to, by its attributes: a database, a broker."""
    if row.descendants or row.span.kind not in (SpanKind.CLIENT, SpanKind.PRODUCER):
        return ""
    peer = first_of(row.span.attributes, _PEER_KEYS)
    return peer if isinstance(peer, str) and peer != row.span.service else ""
