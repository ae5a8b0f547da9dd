"""Findings in words: what is wrong, since when and through whom, who suffers, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from meshctl.model.findings import Finding, Mend, MendKind
from meshctl.model.status import LISTEN_EVERYWHERE, FindingKind, Health, Reason, ReasonKind, ServiceStatus
from meshctl.present.lines import (
    ACCENT,
    BAD,
    BUSY,
    MUTED,
    WARN,
    Line,
    Segment,
    between,
    fit_line,
    line_cells,
)
from meshctl.present.mends import mend_text
from meshctl.present.reasons import finding_words, reason_text
from meshctl.present.text import cell_len, fit
from meshctl.present.units import age, ago

#: Victims that are named; the others are counted.
_NAMED = 3
#: A reason is told if this many cells are left for it.
_LEAST_REASON = 12

_LOOKS = {
    FindingKind.NOT_CREATED: ("○", WARN),
    FindingKind.STOPPED: ("○", WARN),
    FindingKind.PAUSED: ("‖", WARN),
    FindingKind.EXITED: ("✖", BAD),
    FindingKind.OUT_OF_MEMORY: ("✖", BAD),
    FindingKind.CRASH_LOOP: ("↻", BAD),
    FindingKind.COULD_NOT_START: ("✖", BAD),
    FindingKind.CUT_OFF: ("✖", BAD),
    FindingKind.DISK_FULL: ("✖", BAD),
    FindingKind.MAINTENANCE: ("▲", WARN),
    FindingKind.STARTING: ("◐", BUSY),
    FindingKind.FAILED: ("✖", BAD),
    FindingKind.UNHEALTHY: ("✖", BAD),
    FindingKind.DEGRADED: ("▲", WARN),
    FindingKind.NOT_REGISTERED: ("▲", WARN),
    FindingKind.REGISTRY_SILENT: ("▲", WARN),
    FindingKind.SILENT: ("▲", WARN),
    FindingKind.REGISTRY_EMPTY: ("✖", BAD),
    FindingKind.TOO_FEW: ("▲", WARN),
}
#: They happened at a moment; all others last.
_MOMENTS = {
    *(FindingKind.NOT_CREATED, FindingKind.STOPPED, FindingKind.PAUSED, FindingKind.EXITED),
    *(FindingKind.OUT_OF_MEMORY, FindingKind.COULD_NOT_START, FindingKind.FAILED),
}
#: Their words say all that a reason could.
_PLAIN = {
    *(FindingKind.NOT_CREATED, FindingKind.STOPPED, FindingKind.PAUSED),
    *(FindingKind.CUT_OFF, FindingKind.OUT_OF_MEMORY, FindingKind.MAINTENANCE, FindingKind.NOT_REGISTERED),
}
NOTHING_UP: Line = (Segment("○ nothing is up"), Segment(" · ", MUTED), Segment("meshctl up", ACCENT))
#: The word of health in a row says the same.
_SAID_BY_HEALTH = {
    *(FindingKind.STOPPED, FindingKind.PAUSED, FindingKind.STARTING, FindingKind.FAILED),
    *(FindingKind.UNHEALTHY, FindingKind.DEGRADED, FindingKind.CRASH_LOOP, FindingKind.EXITED),
}
_WAITING = (Health.WAITING, Health.STARTING)


def waiting(services: Sequence[ServiceStatus]) -> frozenset[str]:
    """The services that are not up yet: what holds them up does not make them fail."""
    return frozenset(s.service for s in services if s.health in _WAITING or not s.instances)


def nothing_up(services: Sequence[ServiceStatus]) -> bool:
    """Whether all services are still to be made, which is no fault of any."""
    return bool(services) and not any(status.instances for status in services)


def concerning(findings: Sequence[Finding], services: Sequence[str]) -> tuple[Finding, ...]:
    """Those about one of the services, or through which one of them suffers; all if none is named."""
    wanted = set(services)
    return tuple(f for f in findings if not wanted or f.service in wanted or not wanted.isdisjoint(f.victims))


def causes(findings: Sequence[Finding], held: Set[str] = frozenset()) -> dict[str, Finding]:
    """By service, those that are broken and through which others suffer: nothing is, during a start."""
    found = (f for f in reversed(findings) if f.victims and finding_look(f, held)[1] == BAD)
    return {finding.service: finding for finding in found}


def cause_text(finding: Finding, held: Set[str] = frozenset(), now: float | None = None) -> str:
    """What a row says of a cause beside its health: ``by you, 2 min ago; worker and notifications fail through it``."""
    when, victims = _when(finding, now), _victims(finding, held)
    reason = _told(finding) or _reason(finding, now)
    if finding.kind in _SAID_BY_HEALTH or _told(finding):
        return "; ".join(part for part in (when if finding.by else "", reason, victims) if part)
    return finding_words(finding.kind) + _because(when, reason, victims)


def finding_sentence(finding: Finding, held: Set[str] = frozenset(), now: float | None = None) -> str:
    """``redis is stopped (by you, 2 min ago): worker and notifications fail through it``.

    ``held`` are services that wait instead of failing.
    """
    if _told(finding):
        return _told(finding)
    return finding_cause(finding) + _because(_when(finding, now), _reason(finding, now), _victims(finding, held))


def finding_line(finding: Finding, held: Set[str] = frozenset(), now: float | None = None) -> Line:
    """The sentence behind its sign, and what mends it, however long that is."""
    sign, tone = finding_look(finding, held)
    about = finding_cause(finding)
    rest = finding_sentence(finding, held, now).removeprefix(about)
    return (Segment(f"{sign} {about}", tone), Segment(rest), *_mend(finding))


def finding_heads(
    findings: Sequence[Finding],
    services: Sequence[ServiceStatus],
    now: float | None = None,
    most: int = 3,
    *,
    whole: bool = True,
) -> list[Line]:
    """What stands above a table of these services: a line each, then how many more there are.

    ``whole``: they are all of the project.
    """
    held, all_down = waiting(services), all_stopped(findings, services, now) if whole else None
    findings = (all_down,) if all_down else findings
    lines = [finding_line(finding, held, now) for finding in findings[:most]]
    more = len(findings) - len(lines)
    return [*lines, (Segment(f"+{more} more: meshctl why", MUTED),)] if more > 0 else lines


def finding_head(
    findings: Sequence[Finding], services: Sequence[ServiceStatus], now: float, width: int, key: str = ""
) -> list[Line]:
    """The first finding in one line, [] without any: the cause and what mends it, the rest as there is room.

    ``key`` is the one that mends.
    """
    if nothing_up(services):
        return [fit_line((Segment(" "), *NOTHING_UP), width)]
    if not findings or width <= 0:
        return []
    first, more, held = findings[0], len(findings) - 1, waiting(services)
    sign, tone = finding_look(first, held)
    cause = Segment(f" {sign} {finding_cause(first)}", tone)
    others: Line = (Segment(f"+{more} more ", MUTED),) if more else ()
    mend, pressed = _mend(first), (Segment(f" ({key})", ACCENT),) if key and first.mend is not None else ()
    short: Line = (Segment(" · ", MUTED), Segment(key, ACCENT)) if pressed else ()
    for tail, right in (((*mend, *pressed), others), ((*mend, *pressed), ()), (mend, ()), (short, ())):
        room = width - cause.text.cells - line_cells((*tail, *right)) - len(right)
        if room >= 0:
            rest = next((text for text in _shorter(first, held, now, room) if cell_len(text) <= room), "")
            return [between((cause, Segment(rest), *tail), right, width)]
    return [fit_line((cause,), width)]


def all_stopped(
    findings: Sequence[Finding], services: Sequence[ServiceStatus], now: float | None = None
) -> Finding | None:
    """One in place of all, where each of several services is stopped."""
    kinds, by = {finding.kind for finding in findings}, {finding.by for finding in findings}
    stopped = all(one.health is Health.STOPPED for one in services)
    if len(services) < 2 or kinds != {FindingKind.STOPPED} or not stopped:
        return None
    times = [finding.since for finding in findings if finding.since is not None]
    since = max(times) if len(times) == len(findings) else None
    one = Finding("", FindingKind.STOPPED, since=since, by=by.pop() if len(by) == 1 else "")
    told = f"{all_of(len(services))} services are stopped{_because(_when(one, now), '', '')}"
    where = findings[0].mend.where if findings[0].mend is not None else ""
    return replace(one, reason=Reason(ReasonKind.TOLD, detail=told), mend=Mend(MendKind.START, "", where=where))


def all_of(number: int) -> str:
    """``both``, ``all 3``."""
    return "both" if number == 2 else f"all {number}"


def finding_cause(finding: Finding) -> str:
    """What its sentence begins with: ``redis is stopped``."""
    return _told(finding) or f"{finding.instance or finding.service} {finding_words(finding.kind)}"


def finding_look(finding: Finding, held: Set[str] = frozenset()) -> tuple[str, str]:
    """A sign and a tone: whoever makes others fail is as broken as they are."""
    if finding.kind is not FindingKind.STARTING and any(name not in held for name in finding.victims):
        return "✖", BAD
    return _LOOKS[finding.kind]


def _told(finding: Finding) -> str:
    """The whole sentence, where only that is known."""
    return finding.reason.detail if finding.reason is not None and finding.reason.kind is ReasonKind.TOLD else ""


def _when(finding: Finding, now: float | None) -> str:
    """``by you, 2 min ago``."""
    removed = "removed " if finding.kind is FindingKind.NOT_CREATED else ""
    parts = [f"{removed}by {finding.by}"] if finding.by else []
    if finding.since is not None and now is not None:
        past = max(0.0, now - finding.since)
        parts.append(ago(past) if finding.kind in _MOMENTS else f"since {age(past)}")
    return ", ".join(parts)


def _reason(finding: Finding, now: float | None) -> str:
    """What the words of its kind do not say."""
    if finding.reason is None or finding.kind in _PLAIN:
        return ""
    text = reason_text(finding.reason, None if finding.since is not None else now)
    for said in ("could not start: ", "crash loop: ", f"{finding.reason.source} cannot be asked: "):
        text = text.removeprefix(said)
    if finding.kind is FindingKind.TOO_FEW:
        return text.removesuffix(" instances exist")
    everywhere = finding.mend is not None and finding.mend.kind is MendKind.LISTEN_EVERYWHERE
    return text.removesuffix(f"; {LISTEN_EVERYWHERE}") if everywhere else text


def _victims(finding: Finding, held: Set[str], *, named: bool = True) -> str:
    """``worker fails through it, orders and users wait for it``."""
    held_by_kind = finding.kind is FindingKind.STARTING
    waits = [name for name in finding.victims if held_by_kind or name in held]
    fails = [name for name in finding.victims if name not in waits]
    clauses = [(fails, "fails through it", "fail through it"), (waits, "waits for it", "wait for it")]
    return ", ".join(f"{_names(who, named)} {one if len(who) == 1 else many}" for who, one, many in clauses if who)


def _names(names: Sequence[str], named: bool) -> str:
    """``a``, ``a and b``, ``a, b, c and 2 more``; ``5`` if they are not named."""
    if not named and len(names) > 1:
        return str(len(names))
    more = len(names) - _NAMED
    shown = [*names[:_NAMED], f"{more} more"] if more > 0 else list(names)
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


def _because(when: str, reason: str, victims: str) -> str:
    why = "; ".join(part for part in (reason, victims) if part)
    return (f" ({when})" if when else "") + (f": {why}" if why else "")


def _shorter(finding: Finding, held: Set[str], now: float, room: int) -> Iterator[str]:
    """What stands between the cause and the mend, longest first; a reason is cut before it is left out."""
    if _told(finding):
        return
    when, reason = _when(finding, now), _reason(finding, now)
    full, counted = _victims(finding, held), _victims(finding, held, named=False)
    for moment, who in ((when, full), (when, counted), ("", counted), (when, ""), ("", "")):
        left = room - cell_len(_because(moment, "", who)) - 2
        if reason and left >= min(_LEAST_REASON, cell_len(reason)):
            yield _because(moment, fit(reason, left), who)
        yield _because(moment, "", who)


def _mend(finding: Finding) -> Line:
    mend = mend_text(finding)
    return (Segment(" · ", MUTED), Segment(mend, ACCENT)) if mend else ()
