"""The feed of what happened: one line each, newest first, in two columns where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.status import Happening
from meshctl.present.cells import fit
from meshctl.present.lines import BAD, MUTED, Line, Segment, service_tone
from meshctl.present.units import clock_time

#: Two events stand side by side from this width on.
TWO_COLUMNS = 110
_LONGEST_NAME = 18


def event_lines(happenings: Sequence[Happening], width: int, height: int) -> list[Line]:
    """At most ``height`` lines; the feed reads down the left column, then down the right."""
    columns = 2 if width >= TWO_COLUMNS and len(happenings) > height else 1
    newest = list(reversed(happenings))[: height * columns]
    if not newest:
        return [(Segment(" Nothing happened since this screen was opened.", MUTED),)] if height > 0 else []
    each = (width - 1) // columns
    name = min(_LONGEST_NAME, max(len(_who(h)) for h in newest))
    cells = [_cell(h, each, name) for h in newest]
    rows = min(height, len(cells))
    return [tuple(span for cell in cells[row::rows] for span in cell) for row in range(rows)]


def _who(happening: Happening) -> str:
    return happening.instance or happening.service


def _cell(happening: Happening, width: int, name: int) -> Line:
    head = f" {clock_time(happening.time)}  "
    who = fit(_who(happening), name).ljust(name)
    text = fit(happening.text, max(0, width - len(head) - len(who) - 4))
    used = len(head) + len(who) + 2 + len(text)
    return (
        Segment(head, MUTED),
        Segment(who, service_tone(happening.service)),
        Segment("  "),
        Segment(text, BAD if happening.bad else ""),
        Segment(" " * max(0, width - used)),
    )
