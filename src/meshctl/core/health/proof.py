"""What speaks for a cause: since when it is so, who did it, and the facts that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshctl.core.health.causes import Cause, scarce, starved
from meshctl.core.health.facts import Facts
from meshctl.core.health.log_errors import says_full, telling
from meshctl.model.containers import Container, LogLine
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.findings import Evidence, EvidenceKind
from meshctl.model.journal import JournalEntry
from meshctl.model.status import FindingKind, InstanceStatus, Reason, ReasonKind, ServiceStatus

#: Of more instances and calls than these the others tell nothing new.
_MOST_INSTANCES = 3
_MOST_EDGES = 2
#: An error this long before is not the reason.
_LATELY_S = 300.0
_FROM_OUTSIDE = (FindingKind.PAUSED, FindingKind.MAINTENANCE)
_YOUNG = (FindingKind.STARTING, FindingKind.FAILED)
_ENDED = (FindingKind.EXITED, FindingKind.OUT_OF_MEMORY, FindingKind.CRASH_LOOP, FindingKind.COULD_NOT_START)
_BY_PROBE = (ReasonKind.PROBE_FAILS, ReasonKind.NOT_PROBED)
_BY_REGISTRY = (ReasonKind.CHECK_FAILS, ReasonKind.NOT_REGISTERED, ReasonKind.REGISTRY_SILENT)


@dataclass(frozen=True, slots=True)
class Proof:
    """``since`` Unix seconds, ``by`` as in ``Finding``."""

    since: float | None = None
    by: str = ""
    evidence: tuple[Evidence, ...] = ()


def prove(cause: Cause, status: ServiceStatus | None, victims: Sequence[str], facts: Facts, now: float) -> Proof:
    """All that is known of one cause. ``status`` None: its service is not shown."""
    instances = [one for one in status.instances if one.id in cause.instances] if status is not None else []
    shown = [(one, facts.container(one.container_id)) for one in instances[:_MOST_INSTANCES]]
    since, by = _origin(cause, [container for _, container in shown if container is not None], facts, now)
    evidence = [fact for one, container in shown for fact in _of_instance(cause, one, container, facts, now)]
    if not instances and cause.reason is not None:
        evidence.append(_said(cause.reason, ""))
    if cause.kind is FindingKind.NOT_CREATED and not instances:
        evidence += _of_deed(facts.removed_by(cause.service))
    return Proof(since, by, (*evidence, *_calls(cause, victims, facts)))


def _origin(cause: Cause, containers: Sequence[Container], facts: Facts, now: float) -> tuple[float | None, str]:
    """Since when it is so, and by whom."""
    match cause.kind:
        case FindingKind.STOPPED:
            deeds = [facts.ended_by(container) for container in containers]
            since = _earliest(container.finished_at or container.created_at for container in containers)
            return since, _by(deeds, facts)
        case FindingKind.PAUSED:
            paused = [facts.paused_at(container) for container in containers]
            return _earliest(time for time, _ in paused), _by([deed for _, deed in paused], facts)
        case FindingKind.NOT_CREATED:
            removed = facts.removed_by(cause.service)
            return (removed.time if removed is not None else None), facts.name(removed)
        case FindingKind.MAINTENANCE:
            return (cause.reason.check.since if cause.reason is not None and cause.reason.check else None), ""
        case FindingKind.DISK_FULL:
            lines = (line for instance in cause.instances for line in facts.lines.get(instance, ()))
            return _earliest(line.time for line in lines if says_full(line)), ""
        case FindingKind.OUT_OF_MEMORY:
            starved = [facts.starved_at(container, now) for container in containers]
            return _earliest(starved) or _earliest(container.finished_at for container in containers), ""
        case _:
            began = _BEGAN.get(cause.kind)
            return _earliest(began(container, facts) for container in containers) if began else None, ""


def _of_instance(
    cause: Cause, instance: InstanceStatus, container: Container | None, facts: Facts, now: float
) -> Iterator[Evidence]:
    past = [] if container is None else list(_of_past(cause, container, facts, now))
    for reason in instance.reasons:
        ended = reason.kind in (ReasonKind.EXITED, ReasonKind.RESTARTING)
        if reason.kind is not ReasonKind.EXITED or not any(fact.event for fact in past):
            yield _said(reason, instance.id, _died_at(container, facts) if ended and container is not None else None)
    yield from past
    for room in scarce(facts.rooms.get(instance.id, ())):
        yield Evidence(EvidenceKind.VOLUME, instance.id, now, room=room)
    for line in _telling(cause, instance, container, facts, now):
        yield Evidence(EvidenceKind.LOG, instance.id, line.time, text=line.text)


def _of_past(cause: Cause, container: Container, facts: Facts, now: float) -> Iterator[Evidence]:
    """What happened to it, and what meshctl did."""
    service, instance = container.service, container.instance_id
    if cause.kind is FindingKind.STOPPED and container.finished_at is not None:
        event = MeshEvent(EventKind.STOPPED, container.finished_at, service, instance, container.exit_code)
        yield Evidence(EvidenceKind.RUNTIME, instance, event.time, event=event)
        yield from _of_deed(facts.ended_by(container))
    elif cause.kind is FindingKind.PAUSED:
        time, deed = facts.paused_at(container)
        if time is not None:
            event = MeshEvent(EventKind.PAUSED, time, service, instance)
            yield Evidence(EvidenceKind.RUNTIME, instance, time, event=event)
        yield from _of_deed(deed)
    elif cause.kind is FindingKind.CUT_OFF:
        yield Evidence(EvidenceKind.RUNTIME, instance, now, reason=Reason(ReasonKind.CUT_OFF))
    elif cause.kind is FindingKind.OUT_OF_MEMORY:
        time = facts.starved_at(container, now) or container.finished_at
        if time is not None and starved(container, facts, now):
            yield Evidence(EvidenceKind.RUNTIME, instance, time, reason=Reason(ReasonKind.STARVED))
        elif time is not None:
            death = facts.last_death(container)
            code = container.exit_code if death is None else death.exit_code
            event = MeshEvent(EventKind.DIED, time, service, instance, code, oom=True)
            yield Evidence(EvidenceKind.RUNTIME, instance, time, event=event)
    if cause.kind not in (FindingKind.STOPPED, FindingKind.PAUSED):
        yield from _of_deed(facts.changed_before(container, _died_at(container, facts) or now))


def _telling(
    cause: Cause, instance: InstanceStatus, container: Container | None, facts: Facts, now: float
) -> Sequence[LogLine]:
    """Lines of the time in which it went wrong. What was done to it from outside has none."""
    lines = facts.lines.get(instance.id, ())
    if cause.kind is FindingKind.DISK_FULL:
        full = [line for line in lines if says_full(line)]
        return full[-1:] or telling(lines, ended=False)
    if cause.kind in _FROM_OUTSIDE or (cause.kind is FindingKind.STOPPED and not instance.reasons):
        return ()
    since = now - _LATELY_S
    if container is not None and cause.kind in (*_ENDED, FindingKind.STOPPED):
        since = (_died_at(container, facts) or now) - _LATELY_S
    elif container is not None and container.started_at is not None and cause.kind in _YOUNG:
        since = container.started_at
    return telling([line for line in lines if line.time >= since], ended=cause.kind in _ENDED)


def _of_deed(deed: JournalEntry | None) -> Iterator[Evidence]:
    if deed is not None:
        yield Evidence(EvidenceKind.JOURNAL, deed.instance, deed.time, entry=deed)


def _calls(cause: Cause, victims: Sequence[str], facts: Facts) -> list[Evidence]:
    """The calls of its victims that failed, most first."""
    failed = [e for e in facts.edges if e.target == cause.service and e.errors and e.caller in victims]
    failed.sort(key=lambda edge: -edge.errors)
    return [Evidence(EvidenceKind.TRACES, edge=edge) for edge in failed[:_MOST_EDGES]]


def _said(reason: Reason, instance: str, time: float | None = None) -> Evidence:
    kind = EvidenceKind.RUNTIME
    if reason.kind in _BY_PROBE:
        kind = EvidenceKind.PROBE
    elif reason.kind in _BY_REGISTRY:
        kind = EvidenceKind.REGISTRY
        time = reason.check.since if reason.check is not None else time
    return Evidence(kind, instance, time, reason=reason)


def _died_at(container: Container, facts: Facts) -> float | None:
    death = facts.last_death(container)
    return container.finished_at if death is None else death.time


def _by(deeds: Sequence[JournalEntry | None], facts: Facts) -> str:
    """Somebody only if the same did it to all of them."""
    names = {facts.name(deed) for deed in deeds}
    return names.pop() if len(names) == 1 else ""


def _earliest(times: Iterable[float | None]) -> float | None:
    return min((time for time in times if time is not None), default=None)


_BEGAN: dict[FindingKind, Callable[[Container, Facts], float | None]] = {
    FindingKind.EXITED: _died_at,
    FindingKind.CRASH_LOOP: lambda container, facts: facts.looped_since(container),
    FindingKind.FAILED: lambda container, facts: facts.given_up_at(container),
    FindingKind.STARTING: lambda container, facts: container.started_at,
}
