"""From what is seen of all services to causes: what is wrong first, who fails through it, what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshctl.core.health.blame import Blamed, blame, needs
from meshctl.core.health.causes import Cause, causes_of, in_maintenance, is_cut_off, is_unwell, of_node, scarce, starved
from meshctl.core.health.facts import Facts
from meshctl.core.health.log_errors import says_full
from meshctl.core.health.proof import prove
from meshctl.core.health.service import READY
from meshctl.model.config import MeshConfig
from meshctl.model.findings import Finding, Mend, MendKind
from meshctl.model.registry import CheckStatus
from meshctl.model.status import FindingKind, Health, ProbeProblem, Reason, ReasonKind, ServiceStatus

#: They may mend themselves, or leave a part at work.
_MILD = (FindingKind.STARTING, FindingKind.DEGRADED, FindingKind.TOO_FEW, FindingKind.NOT_REGISTERED)
_ON_PURPOSE = (FindingKind.STOPPED, FindingKind.PAUSED, FindingKind.NOT_CREATED)
#: What meshctl's own check has found.
_PROBED = (FindingKind.STARTING, FindingKind.FAILED, FindingKind.UNHEALTHY, FindingKind.DEGRADED)
_SILENCE = (ReasonKind.REGISTRY_SILENT, FindingKind.REGISTRY_SILENT)
_MENDS = {
    FindingKind.NOT_CREATED: MendKind.UP,
    FindingKind.STOPPED: MendKind.START,
    FindingKind.PAUSED: MendKind.UNPAUSE,
    FindingKind.EXITED: MendKind.START,
    FindingKind.OUT_OF_MEMORY: MendKind.MORE_MEMORY,
    FindingKind.CRASH_LOOP: MendKind.LOGS,
    FindingKind.COULD_NOT_START: MendKind.UP,
    FindingKind.CUT_OFF: MendKind.UP,
    FindingKind.DISK_FULL: MendKind.FREE_ROOM,
    FindingKind.MAINTENANCE: MendKind.END_MAINTENANCE,
    FindingKind.FAILED: MendKind.LOGS,
    FindingKind.UNHEALTHY: MendKind.RESTART,
    FindingKind.SILENT: MendKind.RESTART,
    FindingKind.DEGRADED: MendKind.LOGS,
    FindingKind.NOT_REGISTERED: MendKind.RESTART,
    FindingKind.REGISTRY_SILENT: MendKind.RESTART,
    FindingKind.REGISTRY_EMPTY: MendKind.LOGS,
    FindingKind.TOO_FEW: MendKind.UP,
    FindingKind.STARTING: None,
}


def is_well(services: Sequence[ServiceStatus], facts: Facts, now: float) -> bool:
    """Whether there is nothing to find, and so nothing to gather for it either."""
    if any(map(is_unwell, services)):
        return False
    if any(starved(container, facts, now) or is_cut_off(container) for container in facts.containers):
        return False
    full = any(True for rooms in facts.rooms.values() for _ in scarce(rooms))
    return not full and not any(says_full(line) for lines in facts.lines.values() for line in lines)


def findings(config: MeshConfig, services: Sequence[ServiceStatus], facts: Facts, now: float) -> tuple[Finding, ...]:
    """Cause first: by how much they take down, then by how grave they are; what was done on purpose last."""
    if is_well(services, facts, now):
        return ()
    causes = _causes(config, services, facts, now)
    at_registry = _at_registry(config.registry, services)
    if at_registry is not None:
        causes[config.registry] = [*causes.get(config.registry, ()), at_registry]
    found = blame(services, causes, needs(config, facts.edges), config.registry)
    by_name = {status.service: status for status in services}
    order = {status.service: index for index, status in enumerate(services)}
    told = [(one, _finding(one, by_name.get(one.cause.service), facts, now)) for one in found]
    told.sort(key=lambda pair: (*_weight(pair[1]), pair[0].cause.severity, order.get(pair[1].service, len(order))))
    return tuple(finding for _, finding in told)


def blamed(services: Sequence[ServiceStatus], found: Sequence[Finding]) -> tuple[ServiceStatus, ...]:
    """The services, each victim with its causes as the first reasons."""
    return tuple(_with_causes(status, [one for one in found if status.service in one.victims]) for status in services)


def _causes(config: MeshConfig, services: Sequence[ServiceStatus], facts: Facts, now: float) -> dict[str, list[Cause]]:
    """By service, those that are well last: that a disk is full is told of one of them."""
    causes: dict[str, list[Cause]] = {}
    full = set[str]()
    for status in sorted(services, key=lambda status: status.health in READY):
        own = causes_of(status, config.services.get(status.service), facts, now)
        disks = {room.filesystem for one in status.instances for room in scarce(facts.rooms.get(one.id, ()))} - {""}
        repeated = status.health in READY and bool(disks) and disks <= full
        full |= disks
        if own and not repeated:
            causes[status.service] = own
    return causes


def _with_causes(status: ServiceStatus, found: Sequence[Finding]) -> ServiceStatus:
    """What waits for the cause, or cannot ask its registry, says so itself."""
    causes = {one.service: one.kind for one in reversed(found)}
    own = [
        replace(reason, cause=causes.get(reason.source)) if reason.kind is ReasonKind.WAITS else reason
        for reason in status.reasons
    ]
    said = {reason.source for reason in own if reason.cause is not None}
    said |= {reason.source for reason in own if (reason.kind, causes.get(reason.source)) == _SILENCE}
    caused = [
        Reason(ReasonKind.CAUSED, source=source, cause=causes[source])
        for source in reversed(causes)
        if source not in said
    ]
    return replace(status, reasons=(*caused, *own)) if found else status


def _weight(finding: Finding) -> tuple[bool, bool, int]:
    on_purpose = finding.kind in _ON_PURPOSE and bool(finding.by) and not finding.victims
    return on_purpose, finding.kind in _MILD, -len(finding.victims)


def _finding(one: Blamed, status: ServiceStatus | None, facts: Facts, now: float) -> Finding:
    cause = one.cause
    several = status is not None and len(status.instances) > 1
    instance = cause.instances[0] if several and len(cause.instances) == 1 else ""
    proof = prove(cause, status, one.victims, facts, now)
    return Finding(
        cause.service,
        cause.kind,
        instance,
        since=proof.since,
        by=proof.by,
        reason=cause.reason,
        evidence=proof.evidence,
        victims=tuple(one.victims),
        mend=_mend(cause, instance, status, facts),
    )


def _mend(cause: Cause, instance: str, status: ServiceStatus | None, facts: Facts) -> Mend | None:
    kind = _MENDS[cause.kind]
    if cause.kind is FindingKind.COULD_NOT_START:
        taken = any(one.port_taken for one in facts.containers if one.instance_id in cause.instances)
        kind = MendKind.OTHER_PORT if taken else kind
    elif cause.kind is FindingKind.EXITED and status is not None:
        # One that never got ready ends in the same way again.
        fallen = {one.health for one in status.instances if one.id in cause.instances}
        kind = MendKind.LOGS if fallen == {Health.FAILED} else kind
    elif cause.kind in _PROBED and status is not None:
        kind = _by_probe(cause, status) or kind
    if kind is MendKind.END_MAINTENANCE:
        instance = cause.instances[0] if cause.instances else ""
    return Mend(kind, cause.service, instance) if kind is not None else None


def _by_probe(cause: Cause, status: ServiceStatus) -> MendKind | None:
    """Where it listens mends more than any restart. One that starts may not listen everywhere yet."""
    probes = [one.probe for one in status.instances if one.id in cause.instances]
    problems = {probe.problem for probe in probes if probe is not None}
    if ProbeProblem.LOCAL_ONLY in problems:
        return MendKind.LISTEN_EVERYWHERE
    if ProbeProblem.OTHER_PORT in problems and cause.kind is not FindingKind.STARTING:
        return MendKind.CHECKED_PORT
    return None


def _at_registry(registry: str, services: Sequence[ServiceStatus]) -> Cause | None:
    """What is wrong with the registry's answers while its own container is well, or with the node that it runs on."""
    instances = [(status, one) for status in services if status.service != registry for one in status.instances]
    reasons = [(status, reason) for status, one in instances for reason in one.reasons]
    whole_node = next((reason for _, reason in reasons if reason.check is not None and of_node(reason)), None)
    if whole_node is not None:
        kind = FindingKind.MAINTENANCE if in_maintenance(whole_node) else FindingKind.UNHEALTHY
        return Cause(registry, kind, reason=whole_node, own=True)
    at = next((status for status in services if status.service == registry), None)
    if at is None or at.health not in (*READY, Health.UNKNOWN):
        return None
    silent = next((reason for _, reason in reasons if reason.kind is ReasonKind.REGISTRY_SILENT), None)
    if silent is not None:
        return Cause(registry, FindingKind.REGISTRY_SILENT, reason=silent, own=True)
    absent = {status.service for status, reason in reasons if reason.kind is ReasonKind.NOT_REGISTERED}
    listed = any(one.registry not in (None, CheckStatus.ABSENT) for _, one in instances)
    starts = any(one.health is Health.STARTING for status, one in instances if status.service in absent)
    if len(absent) > 1 and not listed and not starts:
        return Cause(registry, FindingKind.REGISTRY_EMPTY, own=True)
    return None
