"""The services list: services → headed, grouped rows of a given width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from meshctl.model.config import ServiceKind
from meshctl.model.findings import Finding
from meshctl.model.status import Health, ServiceStatus, Usage
from meshctl.present.findings import cause_text, causes, finding_look, waiting
from meshctl.present.lines import ACCENT, BUSY, MUTED, WARN, Line, Segment, service_tone
from meshctl.present.reasons import reasons_text
from meshctl.present.sparkline import sparkline
from meshctl.present.status import symbol, tone, word
from meshctl.present.text import cell_len, fit, pad
from meshctl.present.units import age, percent, size

GAP = "  "
SPARK_WIDTH = 8
#: The health column never gets narrower than this while another column can go.
LEAST_HEALTH = 36
_LONGEST_NAME = 20

_GROUPS = {
    ServiceKind.APPLICATION: "application",
    ServiceKind.INFRASTRUCTURE: "infrastructure",
    ServiceKind.JOB: "jobs",
}
_WORST_FIRST = (
    Health.CRASH_LOOP,
    Health.FAILED,
    Health.UNHEALTHY,
    Health.DEGRADED,
    Health.STARTING,
    Health.WAITING,
    Health.UNKNOWN,
    Health.PAUSED,
    Health.HEALTHY,
    Health.DONE,
    Health.STOPPED,
)
_AT_REST = (Health.STOPPED, Health.DONE)


@dataclass(frozen=True, slots=True)
class Row:
    """``key`` is the service, '' for a heading."""

    key: str
    line: Line


@dataclass(frozen=True, slots=True)
class ServicesTable:
    """What the list draws; ``header`` stays in place while ``rows`` scroll."""

    header: Line
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int


_INSTANCES = _Column("inst", 5)
_SPARK = _Column("", SPARK_WIDTH)
_CPU = _Column("cpu", 5)
_MEMORY = _Column("mem", 6)
_RESTARTS = _Column("restarts", 8)
_AGE = _Column("age", 5)
_SHOWN = (_INSTANCES, _SPARK, _CPU, _MEMORY, _RESTARTS, _AGE)
#: The first to go when the terminal is narrow comes first.
_DROPPED = (_AGE, _SPARK, _RESTARTS, _MEMORY, _CPU, _INSTANCES)


@dataclass(frozen=True, slots=True)
class _Layout:
    name: int
    health: int
    columns: tuple[_Column, ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What all rows are drawn with; ``held`` are services that wait."""

    layout: _Layout
    usage: Mapping[str, Usage]
    now: float
    pending: Mapping[str, str]
    causes: Mapping[str, Finding] = field(default_factory=dict)
    held: Set[str] = frozenset()


def services_rows(
    services: Sequence[ServiceStatus],
    usage: Mapping[str, Usage],
    width: int,
    now: float,
    *,
    height: int = 0,
    wanted: str = "",
    pending: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
) -> ServicesTable:
    """Rows grouped by kind, worst first within a group; above them all what makes others fail.

    ``wanted`` filters by name, kind or health word; ``pending`` maps a service to what is being done to it
    (``stopping``), which then stands in place of its health.
    Groups stand apart if ``height`` has room for it.
    """
    drawn = _Drawn(_layout(width, [status.service for status in services]), usage, now, pending or {})
    held = waiting(services)
    drawn = replace(drawn, causes=causes(findings, held), held=held)
    shown = [status for status in services if matches(status, wanted)]
    first = [status for status in shown if status.service in drawn.causes]
    groups = [_group("cause" if len(first) == 1 else "causes", first, drawn)]
    for kind, title in _GROUPS.items():
        groups.append(_group(title, ordered(s for s in shown if s.kind is kind and s not in first), drawn))
    groups = [group for group in groups if group]
    roomy = sum(map(len, groups)) + len(groups) - 1 <= height
    rows = list(groups[0]) if groups else []
    for group in groups[1:]:
        rows += [Row("", ()), *group] if roomy else group
    return ServicesTable(_header(drawn.layout), tuple(rows))


def _group(title: str, members: Sequence[ServiceStatus], drawn: _Drawn) -> list[Row]:
    rows = [Row(status.service, _line(status, drawn)) for status in members]
    return [Row("", (Segment(f" {title}", MUTED),)), *rows] if rows else []


def ordered(services: Iterable[ServiceStatus]) -> list[ServiceStatus]:
    """What is not well first; equals keep the order of the file."""
    return sorted(services, key=lambda status: _WORST_FIRST.index(status.health))


def matches(status: ServiceStatus, wanted: str) -> bool:
    """Every word of ``wanted`` occurs in the name, the kind or the health word."""
    text = f"{status.service} {status.kind.value} {word(status.health)}".lower()
    return all(part in text for part in wanted.lower().split())


def _layout(width: int, names: list[str]) -> _Layout:
    name = min(_LONGEST_NAME, max(map(cell_len, ["service", *names])))
    columns = list(_SHOWN)
    fixed = cell_len(f" ● {GAP}") + name + 1
    for column in (None, *_DROPPED):
        if column is not None:
            columns.remove(column)
        health = width - fixed - sum(_spread(c) for c in columns)
        if health >= LEAST_HEALTH:
            break
    return _Layout(name, max(0, health), tuple(columns))


def _spread(column: _Column) -> int:
    """The width a column takes with the gap before it; the sparkline stands close to its figure."""
    return column.width + (1 if column is _CPU else cell_len(GAP))


def _header(layout: _Layout) -> Line:
    text = "   " + pad("service", layout.name) + GAP + pad("health", layout.health)
    for column in layout.columns:
        gap = " " if column is _CPU else GAP
        text += gap + pad(column.title, column.width, right=True)
    return (Segment(text, MUTED),)


def _line(status: ServiceStatus, drawn: _Drawn) -> Line:
    layout, cause = drawn.layout, drawn.causes.get(status.service)
    resting = status.health in _AT_REST
    usage = None if resting else drawn.usage.get(status.service)
    look = finding_look(cause, drawn.held)[1] if cause else tone(status.health)
    spans = [
        Segment(f" {symbol(status.health)} ", look),
        Segment(pad(status.service, layout.name), MUTED if resting and not cause else service_tone(status.service)),
        Segment(GAP),
        *_health(status, look, drawn, cause),
    ]
    for column in layout.columns:
        spans.append(Segment(" " if column is _CPU else GAP))
        spans.append(_cell(column, status, usage, drawn.now))
    return tuple(spans)


def _health(status: ServiceStatus, look: str, drawn: _Drawn, cause: Finding | None) -> list[Segment]:
    width, doing = drawn.layout.health, drawn.pending.get(status.service, "")
    if doing:
        return [Segment(pad(f"{doing}…", width), ACCENT)]
    head = word(status.health)
    reason = cause_text(cause, drawn.held, drawn.now) if cause else _reason(status, drawn.now)
    if not reason:
        return [Segment(pad(head, width), look)]
    rest = pad(f" · {reason}", max(0, width - cell_len(head)))
    return [Segment(fit(head, width), look), Segment(rest)]


def _reason(status: ServiceStatus, now: float) -> str:
    if status.health in (Health.HEALTHY, *_AT_REST) and status.ready >= status.desired:
        return ""
    said = "waits " if status.health is Health.WAITING else f"{word(status.health)}: "
    return reasons_text(status.reasons, now).removeprefix(said)


def _cell(column: _Column, status: ServiceStatus, usage: Usage | None, now: float) -> Segment:
    text, cell_tone = _CELLS[column.title](status, usage, now)
    return Segment(pad(text, column.width, right=True), cell_tone)


def _instances(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    short = status.ready < status.desired and status.health not in _AT_REST
    tone_of = MUTED if status.health in _AT_REST else WARN if short else ""
    return f"{status.ready}/{status.desired}", tone_of


def _spark(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    return (sparkline(usage.cpu, SPARK_WIDTH, least_top=0.25), ACCENT) if usage and usage.cpu else ("", "")


def _cpu(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    return (percent(usage.cpu[-1]), "") if usage and usage.cpu else ("–", MUTED)


def _memory(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    return (size(usage.memory), "") if usage and usage.memory else ("–", MUTED)


def _restarts(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    return str(status.restarts), (BUSY if status.restarts else MUTED)


def _age(status: ServiceStatus, usage: Usage | None, now: float) -> tuple[str, str]:
    """Of the instance that started last: a restart shows."""
    started = [i.started_at for i in status.instances if i.started_at is not None]
    if not started or status.health in _AT_REST:
        return "–", MUTED
    return age(max(0.0, now - max(started))), ""


_CELLS = {
    _INSTANCES.title: _instances,
    _SPARK.title: _spark,
    _CPU.title: _cpu,
    _MEMORY.title: _memory,
    _RESTARTS.title: _restarts,
    _AGE.title: _age,
}
