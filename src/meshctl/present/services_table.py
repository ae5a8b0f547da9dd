"""``ps`` as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from meshctl.model.findings import Finding
from meshctl.model.status import ServiceStatus
from meshctl.present.findings import cause_text, causes, finding_look, waiting
from meshctl.present.lines import MUTED, PLAIN, Line, Segment
from meshctl.present.reasons import reasons_text
from meshctl.present.status import symbol, tone, word
from meshctl.present.text import cell_len, pad
from meshctl.present.units import duration

HEADINGS = ("SERVICE", "HEALTH", "READY", "RESTARTS", "AFTER", "PORTS", "")
_RIGHT = ("READY", "RESTARTS", "AFTER")


def services_table(
    services: Sequence[ServiceStatus],
    after: Mapping[str, float] | None = None,
    *,
    now: float | None = None,
    findings: Sequence[Finding] = (),
) -> list[Line]:
    """Aligned lines, the heading first; reasons stand at the end of their row, causes above all others.

    ``after`` are seconds per service that it took to get there; without any, the table has no such column.
    """
    shown = [index for index, heading in enumerate(HEADINGS) if after or heading != "AFTER"]
    held = waiting(services)
    known = causes(findings, held)
    made = [
        _row(status, after or {}, now, known.get(status.service), held)
        for status in sorted(services, key=lambda status: status.service not in known)
    ]
    rows = [[cells[i] for i in shown] for cells in made]
    headings = [HEADINGS[i] for i in shown]
    widths = [max(cell_len(heading), *(row[i].text.cells for row in rows), 0) for i, heading in enumerate(headings)]

    def align(spans: Sequence[Segment]) -> Line:
        cells = [
            Segment(pad(span.text, width, right=heading in _RIGHT), span.tone)
            for span, width, heading in zip(spans[:-1], widths, headings, strict=False)
        ]
        joined = [part for cell in cells for part in (cell, Segment("  "))]
        return (*joined, spans[-1]) if spans[-1].text else (*joined[:-2], Segment(cells[-1].text.rstrip()))

    return [align([Segment(heading, MUTED) for heading in headings]), *(align(row) for row in rows)]


def _row(
    status: ServiceStatus, after: Mapping[str, float], now: float | None, cause: Finding | None, held: Set[str]
) -> list[Segment]:
    look = finding_look(cause, held)[1] if cause else tone(status.health)
    reason = cause_text(cause, held, now) if cause else reasons_text(status.reasons, now)
    reason = reason.removeprefix(f"{word(status.health)}: ")
    ports = status.instances[0].ports if len(status.instances) == 1 else {}
    shown = ", ".join(f"{name} {address}" for name, address in ports.items())
    more = f"{len(status.instances)} instances" if len(status.instances) > 1 else shown
    return [
        Segment(status.service),
        Segment(f"{symbol(status.health)} {word(status.health)}", look),
        Segment(f"{status.ready}/{status.desired}"),
        Segment(str(status.restarts)),
        Segment(duration(after[status.service]) if status.service in after else ""),
        Segment(more, PLAIN),
        Segment(reason),
    ]
