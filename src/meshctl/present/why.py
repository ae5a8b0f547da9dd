"""``why``: every finding with what speaks for it and what mends it."""

from __future__ import annotations

from collections.abc import Sequence, Set

from meshctl.model.findings import Finding
from meshctl.model.status import ServiceStatus
from meshctl.present.evidence import evidence_text, teller
from meshctl.present.findings import (
    all_of,
    all_stopped,
    concerning,
    finding_cause,
    finding_look,
    finding_sentence,
    nothing_up,
    waiting,
)
from meshctl.present.lines import ACCENT, GOOD, MUTED, Line, Segment, fit_line, words
from meshctl.present.mends import mend_text
from meshctl.present.reasons import reason_text
from meshctl.present.status import symbol, tone, word
from meshctl.present.text import cell_len, pad

_TELLER = 9
_INDENT = "   "


def why_report(
    services: Sequence[ServiceStatus], findings: Sequence[Finding], wanted: Sequence[str], now: float, width: int
) -> list[Line]:
    """What has to do with the ``wanted`` services, all if none is named: causes, then what comes of them there."""
    none, held = not wanted and nothing_up(services), waiting(services)
    all_down = None if wanted else all_stopped(findings, services, now)
    if all_down is not None:
        return why_lines(all_down, held, now, width)
    found = () if none else concerning(findings, wanted)
    named = {finding.service for finding in found}
    blocks = [why_lines(finding, held, now, width) for finding in found]
    shown = [status for status in services if not wanted or status.service in wanted]
    for status in shown:
        if wanted and status.service not in named and status.reasons:
            blocks.append(_suffering(status, now, width))
    if not blocks:
        sign = Segment("○ ") if nothing_up(shown) else Segment("● ", GOOD)
        return [fit_line((sign, Segment(well_sentence(shown, wanted))), width)]
    return [line for block in blocks[:-1] for line in (*block, ())] + blocks[-1]


def why_rows(
    services: Sequence[ServiceStatus], findings: Sequence[Finding], now: float, width: int
) -> list[tuple[str, Line]]:
    """(key, line) of all findings for a list with a cursor; the key is '' but on the first line of each."""
    held, rows = waiting(services), list[tuple[str, Line]]()
    for finding in findings:
        rows += [("", ())] if rows else []
        for number, (first, *rest) in enumerate(why_lines(finding, held, now, max(0, width - 1))):
            line = (Segment(f" {first.text}", first.tone), *rest)
            rows.append(("" if number else finding_key(finding), fit_line(line, width)))
    return rows


def finding_key(finding: Finding) -> str:
    """What it is the same by, however long it lasts."""
    return f"{finding.kind} {finding.service} {finding.instance}"


def why_lines(finding: Finding, held: Set[str], now: float, width: int) -> list[Line]:
    """The sentence, each evidence below it with who tells it, and what mends it; all wrapped."""
    sign, look = finding_look(finding, held)
    lines = _wrapped((Segment(f"{sign} ", look),), finding_sentence(finding, held, now), width)
    cause, first = finding_cause(finding), lines[0]
    if first[1].text.startswith(cause):
        lines[0] = (first[0], Segment(cause, look), Segment(first[1].text.removeprefix(cause)))
    for one in finding.evidence:
        lines += _wrapped(_label(teller(one.kind)), evidence_text(one, now), width)
    mend = mend_text(finding)
    return lines + _wrapped((Segment(f"{_INDENT}→ ", ACCENT),), mend, width, ACCENT) if mend else lines


def well_sentence(services: Sequence[ServiceStatus], wanted: Sequence[str] = ()) -> str:
    """What is said where nothing is found, of all services or of those that are ``wanted``."""
    if nothing_up(services) or not services:
        return f"not up: meshctl up {' '.join(wanted)}" if wanted else "nothing is up: meshctl up"
    bad = [status for status in services if status.ready < status.desired]
    if bad:
        return f"{len(services) - len(bad)} of {len(services)} services are ready, and nothing is known to be wrong"
    return f"{all_of(len(services))} services are well" if len(services) > 1 else f"{services[0].service} is well"


def _suffering(status: ServiceStatus, now: float, width: int) -> list[Line]:
    """One that is not to blame: how it goes, and each of its reasons."""
    look = tone(status.health)
    head = fit_line((Segment(f"{symbol(status.health)} {status.service} is {word(status.health)}", look),), width)
    told = [line for reason in status.reasons for line in _wrapped(_label(""), reason_text(reason, now), width)]
    return [head, *told]


def _label(text: str) -> Line:
    return (Segment(f"{_INDENT}{pad(text, _TELLER)}" if text else _INDENT, MUTED),)


def _wrapped(lead: Line, text: str, width: int, look: str = "") -> list[Line]:
    """``text`` behind ``lead``, further lines below the first."""
    taken = cell_len(lead[0].text)
    parts = words(text, max(1, width - taken)) or words("–", 1)
    fronts = (lead[0], Segment(" " * taken))
    return [fit_line((fronts[min(number, 1)], Segment(part, look)), width) for number, part in enumerate(parts)]
