"""What is wrong with one service by itself, before anybody asks through whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from meshctl.core.health.facts import RECENT_S, Facts
from meshctl.core.health.log_errors import says_full
from meshctl.core.health.service import READY
from meshctl.model.config import ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState, Room
from meshctl.model.registry import NODE_MAINTENANCE, RegistryCheckKind
from meshctl.model.status import (
    FindingKind,
    Health,
    InstanceStatus,
    ProbeProblem,
    Reason,
    ReasonKind,
    ServiceStatus,
)

#: Less than this is no room, whatever the size of the file system.
_NO_ROOM = 1024 * 1024
#: With less than this a line about a full disk is believed.
_LITTLE_ROOM = 64 * 1024 * 1024
_KILLED = 137
_WAITING = (ReasonKind.WAITS, ReasonKind.NOT_PROBED)

#: Gravest first.
SEVERITY = (
    FindingKind.DISK_FULL,
    FindingKind.OUT_OF_MEMORY,
    FindingKind.COULD_NOT_START,
    FindingKind.CUT_OFF,
    FindingKind.CRASH_LOOP,
    FindingKind.FAILED,
    FindingKind.EXITED,
    FindingKind.UNHEALTHY,
    FindingKind.SILENT,
    FindingKind.REGISTRY_SILENT,
    FindingKind.REGISTRY_EMPTY,
    FindingKind.MAINTENANCE,
    FindingKind.PAUSED,
    FindingKind.STOPPED,
    FindingKind.NOT_CREATED,
    FindingKind.NOT_REGISTERED,
    FindingKind.DEGRADED,
    FindingKind.TOO_FEW,
    FindingKind.STARTING,
)

#: What nobody else can be the cause of.
_OWN = frozenset(
    (
        FindingKind.DISK_FULL,
        FindingKind.OUT_OF_MEMORY,
        FindingKind.COULD_NOT_START,
        FindingKind.CUT_OFF,
        FindingKind.MAINTENANCE,
        FindingKind.PAUSED,
        FindingKind.STOPPED,
        FindingKind.TOO_FEW,
        FindingKind.REGISTRY_SILENT,
        FindingKind.REGISTRY_EMPTY,
    )
)

_BY_HEALTH = {
    Health.CRASH_LOOP: FindingKind.CRASH_LOOP,
    Health.FAILED: FindingKind.FAILED,
    Health.UNHEALTHY: FindingKind.UNHEALTHY,
    Health.DEGRADED: FindingKind.DEGRADED,
    Health.STARTING: FindingKind.STARTING,
    Health.WAITING: FindingKind.STARTING,
    Health.STOPPED: FindingKind.STOPPED,
    Health.PAUSED: FindingKind.PAUSED,
    Health.UNKNOWN: FindingKind.SILENT,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with ``instances`` of a service, '' standing for one that is not there.

    ``own``: no other service can be behind it. ``waits``: it only waits for another one, or for an answer.
    """

    service: str
    kind: FindingKind
    instances: tuple[str, ...] = ()
    reason: Reason | None = None
    own: bool = False
    waits: bool = False

    @property
    def severity(self) -> int:
        return SEVERITY.index(self.kind)


def causes_of(status: ServiceStatus, spec: ServiceSpec | None, facts: Facts, now: float) -> list[Cause]:
    """Gravest first, one a kind; none for a service that is well."""
    found: list[Cause] = []
    for instance in status.instances:
        cause = _of_instance(status.service, instance, spec, facts, now)
        if cause is not None:
            _add(found, cause)
    if not status.instances and status.health is Health.STOPPED:
        found.append(Cause(status.service, FindingKind.NOT_CREATED, ("",)))
    elif not status.instances and status.health not in (*READY, Health.UNKNOWN):
        found.append(Cause(status.service, _BY_HEALTH[status.health], ("",), _first(status.reasons), waits=True))
    too_few = next((reason for reason in status.reasons if reason.kind is ReasonKind.TOO_FEW), None)
    if too_few is not None:
        found.append(Cause(status.service, FindingKind.TOO_FEW, ("",), too_few, own=True))
    return sorted(found, key=lambda cause: cause.severity)


def scarce(rooms: Sequence[Room]) -> Iterator[Room]:
    """Those where nothing more can be written."""
    return (room for room in rooms if room.files == 0 or room.free < min(_NO_ROOM, room.total // 20 + 1))


def _add(found: list[Cause], cause: Cause) -> None:
    """One cause a kind, for all instances that have it."""
    for index, one in enumerate(found):
        if one.kind is cause.kind and one.own == cause.own:
            found[index] = replace(one, instances=(*one.instances, *cause.instances), waits=one.waits and cause.waits)
            return
    found.append(cause)


def _of_instance(
    service: str, instance: InstanceStatus, spec: ServiceSpec | None, facts: Facts, now: float
) -> Cause | None:
    container = facts.container(instance.container_id)
    if _is_full(instance, container, spec, facts, now):
        return Cause(service, FindingKind.DISK_FULL, (instance.id,), _first(instance.reasons), own=True)
    if container is not None and spec is not None and spec.networks and is_cut_off(container):
        return Cause(service, FindingKind.CUT_OFF, (instance.id,), _first(instance.reasons), own=True)
    if instance.health in READY and container is not None and starved(container, facts, now):
        return Cause(service, FindingKind.OUT_OF_MEMORY, (instance.id,), Reason(ReasonKind.STARVED), own=True)
    if instance.health in READY or (instance.health is Health.UNKNOWN and not is_silent(instance)):
        return None
    kind, reason = _kind(instance, container, spec, facts, now)
    held_up = instance.state is ContainerState.CREATED and kind is not FindingKind.COULD_NOT_START
    waits = instance.health in (Health.WAITING, Health.STARTING) and reason is not None and reason.kind in _WAITING
    own = (kind in _OWN and not held_up) or _listens_wrongly(instance)
    return Cause(service, kind, (instance.id,), reason, own=own, waits=waits)


def _kind(
    instance: InstanceStatus, container: Container | None, spec: ServiceSpec | None, facts: Facts, now: float
) -> tuple[FindingKind, Reason | None]:
    by_kind = {reason.kind: reason for reason in reversed(instance.reasons)}
    first = _first(instance.reasons)
    if container is not None and _starved(instance, container, spec, facts, now):
        return FindingKind.OUT_OF_MEMORY, by_kind.get(ReasonKind.EXITED, first)
    if ReasonKind.COULD_NOT_START in by_kind:
        return FindingKind.COULD_NOT_START, by_kind[ReasonKind.COULD_NOT_START]
    check = by_kind.get(ReasonKind.CHECK_FAILS)
    if check is not None and in_maintenance(check) and ReasonKind.PROBE_FAILS not in by_kind:
        return (FindingKind.DEGRADED if of_node(check) else FindingKind.MAINTENANCE), check
    if first is not None and first.kind is ReasonKind.NOT_REGISTERED and instance.health is Health.DEGRADED:
        return FindingKind.NOT_REGISTERED, first
    over = instance.state in (ContainerState.EXITED, ContainerState.RESTARTING, ContainerState.DEAD)
    if over and instance.health in (Health.UNHEALTHY, Health.FAILED, Health.DEGRADED):
        return FindingKind.EXITED, first
    return _BY_HEALTH.get(instance.health, FindingKind.UNHEALTHY), first


def starved(container: Container, facts: Facts, now: float) -> bool:
    """Whether it runs on although a process in it was lately killed for want of memory."""
    at, death = facts.starved_at(container, now), facts.last_death(container)
    runs = container.state is ContainerState.RUNNING
    return runs and at is not None and (death is None or death.time < at) and (container.started_at or 0.0) <= at


def is_cut_off(container: Container) -> bool:
    """Whether it runs on no network, so that no published port leads to it and nobody finds it by its name."""
    return container.state is ContainerState.RUNNING and container.networks == ()


def in_maintenance(reason: Reason) -> bool:
    return reason.check is not None and reason.check.kind is RegistryCheckKind.MAINTENANCE


def of_node(reason: Reason) -> bool:
    """Whether the registry's check is about the whole node, and so about everybody on it."""
    check = reason.check
    return check is not None and (check.kind is RegistryCheckKind.NODE or check.id == NODE_MAINTENANCE)


def _starved(
    instance: InstanceStatus, container: Container, spec: ServiceSpec | None, facts: Facts, now: float
) -> bool:
    """By the runtime's own word, or killed at a limit of memory without anybody having asked for it."""
    if instance.health is Health.STOPPED and not container.oom_killed:
        return False
    if container.oom_killed or any(reason.oom for reason in instance.reasons):
        return True
    if facts.starved_at(container, now) is not None:
        return True
    death = facts.last_death(container)
    code = container.exit_code if death is None else death.exit_code
    limited = spec is not None and spec.mem_limit > 0
    asked_for = facts.was_killed(container) or facts.ended_by(container) is not None
    recent = container.state is not ContainerState.RUNNING or (death is not None and now - death.time <= RECENT_S)
    return limited and code == _KILLED and recent and not asked_for


def _is_full(
    instance: InstanceStatus, container: Container | None, spec: ServiceSpec | None, facts: Facts, now: float
) -> bool:
    """No room is left, or it says so itself and the room that is seen does not speak against it."""
    rooms = facts.rooms.get(instance.id, ())
    if any(scarce(rooms)):
        return True
    carries = spec is None or spec.kind is ServiceKind.INFRASTRUCTURE
    if not carries and not (container is not None and container.mounts):
        return False
    lately = now - RECENT_S if container is None or container.started_at is None else container.started_at
    said = [line.time for line in facts.lines.get(instance.id, ()) if says_full(line) and line.time >= lately]
    if not said:
        return False
    plenty = bool(rooms) and all(room.free > _LITTLE_ROOM for room in rooms)
    return not plenty and (instance.health not in READY or now - said[-1] <= RECENT_S)


def _listens_wrongly(instance: InstanceStatus) -> bool:
    """Whether it is up, but where nobody can reach it."""
    return instance.probe is not None and instance.probe.problem is ProbeProblem.LOCAL_ONLY


def is_unwell(status: ServiceStatus) -> bool:
    """Whether there is something to explain: nobody having asked is nothing, no answer is."""
    return status.health not in (*READY, Health.UNKNOWN) or any(map(is_silent, status.instances))


def is_silent(instance: InstanceStatus) -> bool:
    """Whether its check was asked and has not answered yet."""
    return any(reason.kind is ReasonKind.NOT_PROBED and reason.detail for reason in instance.reasons)


def _first(reasons: Sequence[Reason]) -> Reason | None:
    return next(iter(reasons), None)
