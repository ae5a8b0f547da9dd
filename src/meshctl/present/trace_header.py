"""The line above a waterfall: what was asked, the answer, how long it took, and how much there is to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshctl.model.waterfall import Waterfall
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, fit_line, line_cells
from meshctl.present.ruler import span_time
from meshctl.present.text import cell_len, fit

#: The name of the root is cut to no less as long as something else can go.
_LEAST_TITLE = 24
_RANKS = 7
_GAP = 3
_STATUS_KEYS = ("http.response.status_code", "http.status_code", "rpc.response.status_code", "rpc.grpc.status_code")
_GRPC_CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)


def header_line(w: Waterfall, width: int) -> Line:
    """``POST /orders/   201   38.2 ms   23 spans   6 services   no errors … critical path 31.0 ms, 12.1 ms in orders``.

    What has no room goes by rank; the name is cut last.
    """
    if not w.rows:
        return (Segment(fit(" no spans", width), MUTED),)
    facts, path = _facts(w), _path(w)
    title = w.rows[0].span.name
    least = min(cell_len(title), _LEAST_TITLE)
    for number in range(_RANKS, 0, -1):
        left = [fact for rank, fact in facts if rank < number]
        right = tuple(part for rank, part in path if rank < number)
        taken = sum(fact.text.cells + _GAP for fact in left) + line_cells(right) + _GAP * bool(right)
        if width - 2 - taken >= least:
            break
    line: list[Segment] = [Segment(" "), Segment(fit(title, max(1, width - 2 - taken)), STRONG)]
    for fact in left:
        line += [Segment(" " * _GAP), fact]
    if right:
        gap = width - 1 - line_cells(tuple(line)) - line_cells(right)
        line += [Segment(" " * max(0, gap)), *right]
    return fit_line(tuple(line), width)


def _facts(w: Waterfall) -> list[tuple[int, Segment]]:
    """(rank, text): the highest rank goes first."""
    status, tone = root_status(w)
    facts = [
        (1, Segment(status, tone)),
        (0, Segment(span_time(w.root_ns), STRONG)),
        (4, Segment(_counted(len(w.rows) + w.truncated, "span"))),
        (5, Segment(_counted(len(w.services), "service"))),
        (2, Segment(_counted(w.errors, "error"), BAD) if w.errors else Segment("no errors", GOOD)),
    ]
    return [(rank, fact) for rank, fact in facts if fact.text]


def _path(w: Waterfall) -> list[tuple[int, Segment]]:
    """The length of the critical path, and who has most of it."""
    shares: dict[str, int] = {}
    for row in w.rows:
        for begin, end in row.critical:
            shares[row.span.service] = shares.get(row.span.service, 0) + end - begin
    parts = [(3, Segment(f"critical path {span_time(w.critical_ns)}", ACCENT))]
    if len(shares) > 1:
        most = max(shares, key=shares.__getitem__)
        parts.append((6, Segment(f", {span_time(shares[most])} in {most}", ACCENT)))
    return parts


def root_status(w: Waterfall) -> tuple[str, str]:
    """The status code that the root (or the server it called) answered with, and its tone; '' if none is told."""
    for row in w.rows[:2]:
        code = first_of(row.span.attributes, _STATUS_KEYS)
        if code is not None:
            return _code(code)
    return "", ""


def first_of(attributes: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """The first of these attributes that there is, or None."""
    return next((value for key in keys if (value := attributes.get(key)) is not None), None)


def _code(code: object) -> tuple[str, str]:
    text = str(code)
    if text.isdecimal() and int(text[:9]) < len(_GRPC_CODES):
        text = _GRPC_CODES[int(text)]
    if text.isdecimal():
        return text, BAD if text >= "500" else WARN if text >= "400" else GOOD
    return text, GOOD if text == "OK" else BAD


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
