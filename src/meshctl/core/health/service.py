"""Folds the verdicts on its instances into one on the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshctl.model.config import ServiceSpec
from meshctl.model.containers import ContainerState
from meshctl.model.status import Health, InstanceStatus, Reason, ReasonKind, ServiceStatus

NOT_CREATED = "not created"

READY = (Health.HEALTHY, Health.DONE)
_ON_ITS_WAY = {Health.STARTING, Health.WAITING}
#: Worst first.
_SEVERITY = (
    Health.CRASH_LOOP,
    Health.FAILED,
    Health.UNHEALTHY,
    Health.DEGRADED,
    Health.STARTING,
    Health.WAITING,
    Health.UNKNOWN,
    Health.PAUSED,
    Health.STOPPED,
    Health.HEALTHY,
    Health.DONE,
)


def fold_service(
    spec: ServiceSpec, desired: int, instances: Sequence[InstanceStatus], waits: Reason | None = None
) -> ServiceStatus:
    """The verdict on a service: some ready and some not is degraded, otherwise the worst of its instances."""
    ready = sum(1 for instance in instances if instance.health in READY)
    return ServiceStatus(
        service=spec.name,
        kind=spec.kind,
        state=_state(instances),
        health=_health(desired, instances, ready, waits is not None),
        ready=ready,
        desired=desired,
        restarts=sum(instance.restarts for instance in instances),
        reasons=_reasons(desired, instances, waits),
        instances=tuple(instances),
    )


def _state(instances: Sequence[InstanceStatus]) -> str:
    states = {instance.state for instance in instances}
    if not states:
        return NOT_CREATED
    if len(states) == 1:
        return states.pop().value
    return "partly running" if ContainerState.RUNNING in states else "stopped"


def _health(desired: int, instances: Sequence[InstanceStatus], ready: int, waits: bool) -> Health:
    healths = {instance.health for instance in instances}
    if not healths:
        return Health.WAITING if waits else Health.STOPPED
    short = len(instances) < desired
    if not short and len(healths) == 1:
        return healths.pop()
    unready = healths - set(READY)
    if ready and unready and unready <= _ON_ITS_WAY and not short:
        return Health.STARTING
    if ready and (unready or short):
        return Health.DEGRADED
    return next(health for health in _SEVERITY if health in healths)


def _reasons(desired: int, instances: Sequence[InstanceStatus], waits: Reason | None) -> tuple[Reason, ...]:
    if not instances:
        return (waits,) if waits is not None else ()
    alone = len(instances) == 1
    reasons = [
        reason if alone else replace(reason, instance=instance.id)
        for instance in instances
        for reason in instance.reasons
    ]
    if len(instances) < desired:
        reasons.append(Reason(ReasonKind.TOO_FEW, count=len(instances), of=desired))
    return tuple(reasons)
