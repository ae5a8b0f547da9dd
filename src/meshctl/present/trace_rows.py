"""The list of traces: a header and one line a trace, and the plain table of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meshctl.model.traces import TraceSummary
from meshctl.present.lines import ACCENT, BAD, MUTED, STRONG, WARN, Line, Segment, fit_line, line_cells, service_tone
from meshctl.present.ruler import span_time
from meshctl.present.text import cell_len, pad
from meshctl.present.units import clock_time

PINNED, FAILED, ROOTLESS = "★", "✖", "?"
#: An id is told in the table by so much of its beginning; any beginning that only one trace has will do.
ID_SHOWN = 12
_GAP = "  "
_TABLE = ("TRACE", "TIME", "SERVICE", "OPERATION", "DURATION", "SPANS", "ERRORS", "SERVICES")
_TABLE_RIGHT = ("DURATION", "SPANS", "ERRORS")
_TABLE_DROPPED = ("SERVICES", "SPANS", "TIME", "SERVICE")
_LEAST_NAMES = 12
_LEAST_OPERATION = 18
_MOST_OPERATION = 48


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    right: bool = False


_TIME = _Column("time", 8)
_SERVICE = _Column("service", 14)
_TOOK = _Column("duration", 8, right=True)
_BAR = _Column("", 10)
_SPANS = _Column("spans", 6, right=True)
_ERRORS = _Column("errors", 6, right=True)
_COUNT = _Column("services", 8, right=True)
_NAMES = _Column("services", 30)
_OPERATION = _Column("operation", 0)
_SHOWN = (_TIME, _SERVICE, _OPERATION, _TOOK, _BAR, _SPANS, _ERRORS, _COUNT)
#: The first to go when the terminal is narrow comes first.
_DROPPED = (_BAR, _COUNT, _SPANS, _TIME, _ERRORS)


def list_header(width: int) -> Line:
    """Titles above the rows of the same width."""
    columns, operation = _layout(width)
    cells = [pad(c.title, c.width or operation, right=c.right) for c in columns]
    return (Segment(pad("   " + _GAP.join(cells), width), MUTED),)


def list_row(summary: TraceSummary, width: int, slowest_ns: int) -> Line:
    """One trace in exactly ``width`` cells; its bar is relative to the slowest that is shown."""
    columns, operation = _layout(width)
    line: list[Segment] = [_sign(summary)]
    for place, column in enumerate(columns):
        text, tone = _cell(column, summary, slowest_ns)
        line.append(Segment((_GAP if place else "") + pad(text, column.width or operation, right=column.right), tone))
    missing = width - line_cells(line)
    return (*line, Segment(" " * missing)) if missing >= 0 else fit_line(line, width)


def slowest(summaries: Sequence[TraceSummary]) -> int:
    """What the bars are relative to."""
    return max((summary.duration_ns for summary in summaries), default=0)


def matches(summary: TraceSummary, wanted: str) -> bool:
    """Every word of ``wanted`` occurs in operation, services or id, or is ``error`` or ``pinned`` and so is it."""
    state = f"{'error' if summary.errors else ''} {'pinned' if summary.pinned else ''}"
    text = f"{summary.name} {summary.service} {' '.join(summary.services)} {summary.trace_id} {state}".lower()
    return all(word in text for word in wanted.lower().split())


def trace_table(summaries: Sequence[TraceSummary], width: int) -> list[Line]:
    """Aligned lines, the heading first; the id is a beginning that can be typed. Narrow: columns go by rank."""
    rows = [_table_row(summary) for summary in summaries]
    widths = {heading: max([cell_len(heading), *(row[heading].text.cells for row in rows)]) for heading in _TABLE}
    for heading in ("", *_TABLE_DROPPED):
        widths.pop(heading, None)
        others = sum(widths.values()) + cell_len(_GAP) * (len(widths) - 1) - widths["OPERATION"]
        last = widths.get("SERVICES", 0)
        if others - max(0, last - _LEAST_NAMES) + _LEAST_OPERATION <= width:
            break
    widths["OPERATION"] = max(_LEAST_OPERATION, min(widths["OPERATION"], _MOST_OPERATION, width - others))
    if last:
        widths["SERVICES"] = max(_LEAST_NAMES, min(last, width - (others - last) - widths["OPERATION"]))

    def aligned(cells: Mapping[str, Segment]) -> Line:
        line = [
            Segment(pad(cells[h].text, w, right=h in _TABLE_RIGHT) + _GAP, cells[h].tone) for h, w in widths.items()
        ]
        return (*line[:-1], Segment(line[-1].text.rstrip(), line[-1].tone))

    return [aligned({heading: Segment(heading, MUTED) for heading in widths}), *(aligned(row) for row in rows)]


def _table_row(summary: TraceSummary) -> dict[str, Segment]:
    errors = f"{FAILED} {summary.errors:,}" if summary.errors else ""
    return {
        "TRACE": Segment(summary.trace_id[:ID_SHOWN], ACCENT),
        "TIME": Segment(clock_time(summary.start_ns / 1e9)),
        "SERVICE": Segment(_service(summary), service_tone(summary.service)),
        "OPERATION": Segment(summary.name),
        "DURATION": Segment(span_time(summary.duration_ns)),
        "SPANS": Segment(f"{summary.spans:,}"),
        "ERRORS": Segment(errors, BAD),
        "SERVICES": Segment(_names(summary)),
    }


def _layout(width: int) -> tuple[list[_Column], int]:
    columns = list(_SHOWN)
    for column in (None, *_DROPPED):
        if column is not None:
            columns.remove(column)
        operation = _rest(columns, width)
        if operation >= _LEAST_OPERATION:
            break
    if operation > _MOST_OPERATION + _NAMES.width:
        columns = [_NAMES if column is _COUNT else column for column in columns]
        operation = _rest(columns, width)
    return columns, max(1, operation)


def _rest(columns: Sequence[_Column], width: int) -> int:
    return width - 4 - sum(column.width for column in columns) - cell_len(_GAP) * (len(columns) - 1)


def _sign(summary: TraceSummary) -> Segment:
    if summary.pinned:
        return Segment(f" {PINNED} ", ACCENT)
    return Segment(f" {FAILED} ", BAD) if summary.errors else Segment("   ")


def _cell(column: _Column, summary: TraceSummary, slowest_ns: int) -> tuple[str, str]:
    if column is _BAR:
        return _bar(summary.duration_ns, slowest_ns), service_tone(summary.service)
    return {
        _TIME: (clock_time(summary.start_ns / 1e9), MUTED),
        _SERVICE: (_service(summary), service_tone(summary.service)),
        _OPERATION: (summary.name, "" if summary.has_root else WARN),
        _TOOK: (span_time(summary.duration_ns), STRONG),
        _SPANS: (f"{summary.spans:,}", MUTED if not summary.truncated else WARN),
        _ERRORS: (f"{FAILED} {summary.errors:,}" if summary.errors else "–", BAD if summary.errors else MUTED),
        _COUNT: (f"{len(summary.services):,}", MUTED),
        _NAMES: (_names(summary), MUTED),
    }[column]


def _service(summary: TraceSummary) -> str:
    return summary.service if summary.has_root else f"{summary.service} {ROOTLESS}"


def _names(summary: TraceSummary) -> str:
    return ", ".join(summary.services)


def _bar(duration_ns: int, slowest_ns: int) -> str:
    """At least one cell, so that each row has a bar."""
    return "━" * max(1, min(_BAR.width, round(duration_ns * _BAR.width / slowest_ns))) if slowest_ns > 0 else ""
