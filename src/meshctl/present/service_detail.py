"""The details of one service: instances, ports, both opinions on their health, what it needs."""

from __future__ import annotations

from collections.abc import Sequence, Set

from meshctl.model.config import Condition, ServiceSpec
from meshctl.model.events import MeshEvent
from meshctl.model.findings import Finding
from meshctl.model.registry import CheckStatus
from meshctl.model.status import Health, InstanceStatus, Reason, ServiceStatus, Usage
from meshctl.present.events import event_text, event_tone
from meshctl.present.findings import cause_text, causes, finding_look
from meshctl.present.lines import ACCENT, BAD, GOOD, MUTED, STRONG, WARN, Line, Segment, fit_line, service_tone, words
from meshctl.present.mends import mend_text
from meshctl.present.reasons import reason_text
from meshctl.present.sparkline import sparkline
from meshctl.present.status import symbol, tone, word
from meshctl.present.text import cell_len, fit, pad
from meshctl.present.units import age, clock_time, duration, percent, size

_LABEL = 10
_KEEP_EVENTS = 8
_CHECK_TONES = {CheckStatus.PASSING: GOOD, CheckStatus.CRITICAL: BAD}
#: What is against it then is part of its start.
_NOT_YET = (Health.WAITING, Health.STARTING)


def service_detail(
    status: ServiceStatus,
    spec: ServiceSpec | None,
    usage: Usage | None,
    events: Sequence[MeshEvent],
    now: float,
    width: int,
    *,
    findings: Sequence[Finding] = (),
    held: Set[str] = frozenset(),
) -> list[Line]:
    """Lines of at most ``width`` cells. ``findings`` are those that have to do with it, ``held`` services that wait."""
    lines = [_title(status, causes(findings, held).get(status.service))]
    lines += [*_reasons(status.reasons, width, now), *_findings(status.service, findings, held, now, width), ()]
    lines += _facts(status, spec, usage, width)
    for instance in status.instances:
        lines += [(), *_instance(instance, now, width)]
    if not status.instances:
        lines += [(), (Segment(" No instance exists. "), Segment("`S` starts it.", MUTED))]
    lines += _lately(status, events)
    return [fit_line(line, width) for line in lines]


def _title(status: ServiceStatus, cause: Finding | None) -> Line:
    look = finding_look(cause)[1] if cause else tone(status.health)
    return (
        Segment(f" {symbol(status.health)} ", look),
        Segment(status.service, service_tone(status.service)),
        Segment("  "),
        Segment(word(status.health), look),
        Segment(f"  {status.ready}/{status.desired} ready", MUTED),
    )


def _reasons(reasons: Sequence[Reason], width: int, now: float) -> list[Line]:
    return [(Segment(f"   {line}"),) for reason in reasons for line in words(reason_text(reason, now), width - 4)]


def _findings(service: str, findings: Sequence[Finding], held: Set[str], now: float, width: int) -> list[Line]:
    """Of what is its own fault when and through whom, and whatever mends it."""
    own = [cause_text(finding, held, now) for finding in findings if finding.service == service]
    lines: list[Line] = [(Segment(f"   {line}"),) for text in own for line in words(text, width - 4)]
    mends = dict.fromkeys(mend_text(finding) for finding in findings if finding.mend is not None)
    return lines + [(Segment(f"   {line}", ACCENT),) for mend in mends for line in words(f"→ {mend}", width - 4)]


def _facts(status: ServiceStatus, spec: ServiceSpec | None, usage: Usage | None, width: int) -> list[Line]:
    lines = [_fact("kind", status.kind.value)]
    if spec is not None:
        lines.append(_fact("image", spec.image or (spec.build.dockerfile if spec.build else "–")))
        lines += _folded("needs", [_need(e.service, e.condition) for e in spec.depends_on], width)
    if usage is not None and usage.cpu:
        chart = sparkline(usage.cpu, max(4, min(30, width - _LABEL - 12)), least_top=0.25)
        lines.append((*_fact("cpu", f"{chart} ", ACCENT), Segment(percent(usage.cpu[-1]))))
        lines.append(_fact("memory", size(usage.memory)))
    return lines


def _need(service: str, condition: Condition) -> str:
    return f"{service} {condition.value.removeprefix('service_').replace('_', ' ')}"


def _fact(label: str, text: str, tone_of: str = "") -> tuple[Segment, ...]:
    return (Segment(f" {pad(label, _LABEL)}", MUTED), Segment(text, tone_of))


def _folded(label: str, parts: Sequence[str], width: int) -> list[Line]:
    lines: list[Line] = []
    current = ""
    for part in parts:
        joined = f"{current}, {part}" if current else part
        if current and cell_len(joined) > width - _LABEL - 3:
            lines.append(_fact("" if lines else label, f"{current},"))
            joined = part
        current = joined
    return [*lines, _fact("" if lines else label, current)] if current else lines


def _instance(instance: InstanceStatus, now: float, width: int) -> list[Line]:
    lines: list[Line] = [_instance_title(instance, now)]
    several = instance.health not in (Health.HEALTHY, Health.DONE)
    if several:
        lines += _reasons(instance.reasons, width, now)
    for name, address in instance.ports.items():
        lines.append(_indented(name, address))
    if instance.probe is not None:
        lines.append(_probe(instance, width))
    if instance.registry is not None:
        lines.append(_indented("registry", instance.registry.value, _check_tone(instance.registry, instance.health)))
    lines.append(_indented("container", f"{instance.container}  {instance.container_id[:12]}", MUTED))
    return lines


def _instance_title(instance: InstanceStatus, now: float) -> Line:
    spans = [
        Segment(f" {symbol(instance.health)} ", tone(instance.health)),
        Segment(instance.id, STRONG),
        Segment(f"  {word(instance.health)}", tone(instance.health)),
    ]
    if instance.started_at is not None and instance.health is not Health.STOPPED:
        spans.append(Segment(f"  {age(max(0.0, now - instance.started_at))}", MUTED))
    if instance.restarts:
        many = "restart" if instance.restarts == 1 else "restarts"
        spans.append(Segment(f"  {instance.restarts} {many}", WARN))
    return tuple(spans)


def _probe(instance: InstanceStatus, width: int) -> Line:
    probe = instance.probe
    assert probe is not None
    if probe.ok:
        return _indented("probe", f"passes in {duration(probe.elapsed_s)}", GOOD)
    failed = tone(instance.health) if instance.health in _NOT_YET else BAD
    return _indented("probe", fit(f"fails: {probe.detail}" if probe.detail else "fails", width - 15), failed)


def _check_tone(status: CheckStatus, health: Health) -> str:
    if health in _NOT_YET and status is not CheckStatus.PASSING:
        return tone(health)
    return _CHECK_TONES.get(status, WARN)


def _indented(label: str, text: str, tone_of: str = "") -> Line:
    return (Segment(f"   {pad(label, _LABEL)} ", MUTED), Segment(text, tone_of))


def _lately(status: ServiceStatus, events: Sequence[MeshEvent]) -> list[Line]:
    own = [event for event in reversed(events) if event.service == status.service][:_KEEP_EVENTS]
    if not own:
        return []
    lines: list[Line] = [(), (Segment(" lately", MUTED),)]
    for event in own:
        who = f"{event.instance} " if event.instance and len(status.instances) > 1 else ""
        lines.append(
            (
                Segment(f"   {clock_time(event.time)} ", MUTED),
                Segment(who),
                Segment(event_text(event), event_tone(event)),
            )
        )
    return lines
