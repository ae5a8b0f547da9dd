"""Judges the observations: every service of the project against what was heard of its instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meshctl.core.health.verdict import GRACE_S, History, RegistryView, fold, fold_service
from meshctl.engine.watch.observations import Observations
from meshctl.model.config import Condition, MeshConfig, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import Registration
from meshctl.model.status import Health, InstanceStatus, Reason, ReasonKind, ServiceStatus

_HELD_UP = (ContainerState.CREATED,)


def judge(observations: Observations, now: float) -> tuple[ServiceStatus, ...]:
    """One status per service of the file, then of containers whose service has left the file."""
    by_service: dict[str, list[Container]] = {name: [] for name in observations.config.services}
    for container in observations.containers.values():
        by_service.setdefault(container.service, []).append(container)
    registered = {r.id: r for r in observations.registrations or ()}
    specs = {name: _spec(observations.config, name, members) for name, members in by_service.items()}
    statuses = {
        name: _service(observations, specs[name], members, registered, now, None)
        for name, members in by_service.items()
    }
    for name, members in by_service.items():
        waits = _waits(specs[name], members, statuses)
        if waits is not None:
            statuses[name] = _service(observations, specs[name], members, registered, now, waits)
    return tuple(statuses.values())


def in_play(config: MeshConfig, status: ServiceStatus) -> bool:
    """A service of a profile that nobody asked for, and that has no instance, is not shown."""
    spec = config.services.get(status.service)
    return bool(status.instances) or (spec is not None and not spec.profiles)


def _service(
    observations: Observations,
    spec: ServiceSpec,
    members: Sequence[Container],
    registered: Mapping[str, Registration],
    now: float,
    waits: Reason | None,
) -> ServiceStatus:
    instances = [_instance(observations, spec, container, registered, now, waits) for container in members]
    return fold_service(spec, max(spec.replicas, len(members)), instances, waits)


def _instance(
    observations: Observations,
    spec: ServiceSpec,
    container: Container,
    registered: Mapping[str, Registration],
    now: float,
    waits: Reason | None,
) -> InstanceStatus:
    run = observations.runs.get(container.id)
    known = observations.registrations is not None
    error = "" if known else observations.registry_error
    registry = RegistryView(
        observations.config.registry,
        registered.get(container.instance_id),
        expected=bool(spec.mesh.register) and (known or bool(error)),
        error=error,
    )
    status = fold(
        container,
        spec,
        run.probe if run is not None else None,
        registry,
        now=now,
        history=History(observations.recent_deaths(container, now), run is not None and run.been_healthy),
        waits=waits,
    )
    if run is not None and status.health is Health.HEALTHY:
        run.been_healthy = True
    if status.health is Health.UNKNOWN and _young(container, now):
        return replace(status, health=Health.STARTING)
    return status


def _young(container: Container, now: float) -> bool:
    return container.started_at is not None and now - container.started_at < GRACE_S


def _spec(config: MeshConfig, name: str, members: Sequence[Container]) -> ServiceSpec:
    """What the file says, or what the labels of a service that has left the file still tell."""
    if name in config.services:
        return config.services[name]
    kinds = {kind.value for kind in ServiceKind}
    kind = next((c.kind for c in members if c.kind in kinds), ServiceKind.APPLICATION.value)
    return ServiceSpec(name, kind=ServiceKind(kind))


def _waits(spec: ServiceSpec, members: Sequence[Container], statuses: Mapping[str, ServiceStatus]) -> Reason | None:
    """What holds a service up that has not been started yet."""
    if spec.profiles or any(c.state not in _HELD_UP for c in members):
        return None
    for edge in spec.depends_on:
        dependency = statuses.get(edge.service)
        if edge.condition is Condition.STARTED or dependency is None or not edge.required:
            continue
        if dependency.health is Health.STARTING:
            started = [i.started_at for i in dependency.instances if i.started_at is not None]
            return Reason(ReasonKind.WAITS, source=edge.service, since=min(started, default=None))
    return None
