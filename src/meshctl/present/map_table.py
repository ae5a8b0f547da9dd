"""Edges between services as a table, and their figures as short words."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.traces import ServiceEdge
from meshctl.present.lines import BAD, MUTED, STRONG, Line, Segment, fit_line, service_tone
from meshctl.present.ruler import span_time
from meshctl.present.text import cell_len, pad
from meshctl.present.units import percent

_MESSAGE = "message"
_FIGURES = (("rate", 9), ("errors", 13), ("p50", 9), ("p95", 9), ("p99", 9))
#: The first to go when the terminal is narrow comes first.
_DROPPED = ("p50", "p99")
_LEAST_NAME, _MOST_NAME = 9, 26
_ARROW = {"call": " → ", _MESSAGE: " ⇢ "}


def rate_text(rate: float) -> str:
    """``12.3/s``; what is rare by the minute or the hour: ``5/min``, ``2/h``."""
    if rate >= 99.5:
        return f"{rate:,.0f}/s"
    if rate >= 0.995:
        return f"{rate:.1f}/s"
    if rate * 60 >= 0.995:
        return f"{rate * 60:.0f}/min"
    return f"{rate * 3600:.0f}/h" if rate > 0 else "0/s"


def label_text(edge: ServiceEdge, detail: int) -> str:
    """``12.3/s · 4% errors · 38.2 ms`` (p95); with less ``detail`` (3, 2, 1) less of it, errors last; 0: ''."""
    if detail <= 0:
        return ""
    errors = f"{percent(edge.error_ratio)} errors" if edge.errors else "0%"
    if detail == 1:
        return errors if edge.errors else rate_text(edge.rate)
    if detail == 2:
        return f"{rate_text(edge.rate)} · {errors}" if edge.errors else rate_text(edge.rate)
    return f"{rate_text(edge.rate)} · {errors} · {span_time(edge.p95_ns)}"


def ordered(edges: Sequence[ServiceEdge]) -> list[ServiceEdge]:
    """In an order that stays while figures change."""
    return sorted(edges, key=lambda edge: (edge.caller, edge.target, edge.kind))


def edge_lines(edges: Sequence[ServiceEdge], width: int, selected: str = "") -> list[Line]:
    """A heading and one line an edge; those of the ``selected`` service are marked."""
    rows = ordered(edges)
    names = [max((cell_len(end) for end in ends), default=0) for ends in _ends(rows)]
    figures = list(_FIGURES)
    for drop in (None, *_DROPPED):
        figures = [figure for figure in figures if figure[0] != drop]
        room = width - 2 - sum(columns for _, columns in figures) - 3
        if sum(names) <= room:
            break
    most = max(_LEAST_NAME, min(_MOST_NAME, room // 2))
    caller, target = (max(_LEAST_NAME, min(most, name)) for name in names)
    titles = "".join(pad(title, columns, right=True) for title, columns in figures)
    header = f"  {pad('caller', caller)}   {pad('target', target)}{titles}"
    lines = [_row(edge, (caller, target), figures, selected) for edge in rows]
    return [(Segment(pad(header, width), MUTED),), *(fit_line(line, width) for line in lines)]


def _row(edge: ServiceEdge, names: tuple[int, int], figures: Sequence[tuple[str, int]], selected: str) -> Line:
    values = {
        "rate": (rate_text(edge.rate), STRONG),
        "errors": (f"✖ {edge.errors:,} ({percent(edge.error_ratio)})", BAD) if edge.errors else ("none", MUTED),
        "p50": (span_time(edge.p50_ns), ""),
        "p95": (span_time(edge.p95_ns), ""),
        "p99": (span_time(edge.p99_ns), ""),
    }
    mark = "▸ " if selected in (edge.caller, edge.target) and selected else "  "
    cells = [Segment(pad(values[name][0], columns, right=True), values[name][1]) for name, columns in figures]
    return (
        Segment(mark, STRONG),
        Segment(pad(edge.caller, names[0]), service_tone(edge.caller)),
        Segment(_ARROW.get(edge.kind, _ARROW["call"]), MUTED),
        Segment(pad(edge.target, names[1]), service_tone(edge.target)),
        *cells,
    )


def _ends(rows: Sequence[ServiceEdge]) -> tuple[list[str], list[str]]:
    return [edge.caller for edge in rows], [edge.target for edge in rows]
