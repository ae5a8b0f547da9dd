"""The tabs of the span detail and what each holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshctl.model.containers import LogLine
from meshctl.model.waterfall import Waterfall
from meshctl.present.lines import ACCENT, MUTED, STRONG, Line, Segment, fit_line, line_cells, words
from meshctl.present.log_rows import log_row
from meshctl.present.span_detail import attribute_lines, event_lines, title_line

ATTRIBUTES, EVENTS, LINKS, LOGS = "attributes", "events", "links", "logs"
TABS = (ATTRIBUTES, EVENTS, LINKS, LOGS)
_LEAST_TITLE = 30


@dataclass(frozen=True, slots=True)
class TraceLogs:
    """The log lines of a trace; ``lines`` None while nobody asked; ``trouble`` why they cannot be had."""

    lines: tuple[LogLine, ...] | None = None
    reading: bool = False
    trouble: str = ""


def tab_words(w: Waterfall, index: int, tab: str, logs: TraceLogs) -> list[Segment]:
    """``attributes │ events 2 │ links │ logs 5`` with the chosen one marked."""
    span = w.rows[index].span
    counts = {EVENTS: len(span.events), LINKS: len(span.links), LOGS: len(logs.lines or ())}
    parts: list[Segment] = []
    for name in TABS:
        count = f" {counts[name]:,}" if counts.get(name) else ""
        parts += [Segment(" │ ", MUTED), Segment(f"{name}{count}", STRONG if name == tab else MUTED)]
    return parts[1:]


def heading_lines(w: Waterfall, index: int, tab: str, logs: TraceLogs, width: int) -> list[Line]:
    """``─ POST /reserve · inventory-1 · 11.3 ms ─ attributes │ events │ links``; two lines where it is narrow."""
    tabs = tab_words(w, index, tab, logs)
    room = width - _tabs_width(tabs) - 5
    if room < _LEAST_TITLE:
        return [title_line(w, index, width), fit_line((Segment(" "), *tabs), width)]
    title = title_line(w, index, room)
    rule = "─" * (room - line_cells(title) + 1)
    return [fit_line((Segment("─", MUTED), *title, Segment(f" {rule} ", MUTED), *tabs, Segment(" ")), width)]


def tab_at(w: Waterfall, index: int, tab: str, logs: TraceLogs, width: int, place: tuple[int, int]) -> str:
    """The tab at a column and line of the heading, '' for none."""
    tabs = tab_words(w, index, tab, logs)
    lines = heading_lines(w, index, tab, logs, width)
    if place[1] != len(lines) - 1:
        return ""
    column = 1 if len(lines) > 1 else width - _tabs_width(tabs) - 1
    for part in tabs:
        if column <= place[0] < column + part.text.cells:
            return next((name for name in TABS if part.text.startswith(name)), "")
        column += part.text.cells
    return ""


def _tabs_width(tabs: list[Segment]) -> int:
    return line_cells(tabs)


def tab_lines(w: Waterfall, index: int, tab: str, logs: TraceLogs, width: int) -> list[Line]:
    """What the chosen tab holds."""
    row = w.rows[index]
    if tab == ATTRIBUTES:
        return attribute_lines(row.span, width)
    if tab == EVENTS:
        if not row.span.events:
            return _said("This span has no events.", width)
        return event_lines(replace(row, span=replace(row.span, links=())), w, width)
    if tab == LINKS:
        if not row.span.links:
            return _said("This span has no links to other spans.", width)
        return event_lines(replace(row, span=replace(row.span, events=())), w, width)
    return _log_lines(logs, row.span.span_id, width)


def _log_lines(logs: TraceLogs, span_id: str, width: int) -> list[Line]:
    if logs.trouble:
        return _said(logs.trouble, width)
    if logs.lines is None:
        return _said("Reading the logs of every service…", width)
    if not logs.lines:
        return _said("No log line carries the id of this trace.", width)
    return [_of_span(line, span_id, width) for line in sorted(logs.lines, key=_time)]


def _of_span(line: LogLine, span_id: str, width: int) -> Line:
    """Lines of the span itself are marked."""
    own = span_id in line.text
    row = log_row(line)
    return fit_line((Segment("▸" if own else " ", ACCENT), *row), width)


def _said(sentence: str, width: int) -> list[Line]:
    return [(Segment(f" {part}", MUTED),) for part in words(sentence, max(1, width - 2))]


def _time(line: LogLine) -> float:
    return line.time
