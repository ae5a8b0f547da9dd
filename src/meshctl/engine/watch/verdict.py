"""Judges the observations: every service of the project against what was heard of its instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meshctl.core.health.service import READY, fold_service
from meshctl.core.health.verdict import History, RegistryView, fold
from meshctl.core.jobs import is_done, may_end
from meshctl.core.plan.selection import start_order
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.watch.observations import Observations
from meshctl.model.config import Condition, MeshConfig, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from meshctl.model.status import FindingKind, Health, InstanceStatus, Reason, ReasonKind, ServiceStatus

#: How a service is that holds others up and is not on its way.
_HELD_UP_BY = {
    Health.DEGRADED: FindingKind.DEGRADED,
    Health.UNHEALTHY: FindingKind.UNHEALTHY,
    Health.FAILED: FindingKind.FAILED,
    Health.CRASH_LOOP: FindingKind.CRASH_LOOP,
    Health.STOPPED: FindingKind.STOPPED,
    Health.PAUSED: FindingKind.PAUSED,
}


def judge(observations: Observations, memory: RunMemory, now: float) -> tuple[ServiceStatus, ...]:
    """One status per service of the file, then of containers whose service has left the file."""
    config = observations.config
    by_service: dict[str, list[Container]] = {name: [] for name in config.services}
    for container in observations.containers.values():
        by_service.setdefault(container.service, []).append(container)
    judging = _Judging(observations, memory, {r.id: r for r in observations.registrations or ()}, now)
    statuses: dict[str, ServiceStatus] = {}
    for name in (*start_order(config), *by_service):
        if name not in statuses:
            statuses[name] = judging.service(_spec(config, name, by_service[name]), by_service[name], statuses)
    return tuple(statuses[name] for name in by_service)


def in_play(config: MeshConfig, status: ServiceStatus) -> bool:
    """A service of a profile that nobody asked for, and that has no instance, is not shown."""
    spec = config.services.get(status.service)
    return bool(status.instances) or (spec is not None and not spec.profiles)


class _Judging:
    """One look at everything, at the moment ``now``."""

    def __init__(
        self, observations: Observations, memory: RunMemory, registered: Mapping[str, Registration], now: float
    ) -> None:
        self._observations = observations
        self._config = observations.config
        self._memory = memory
        self._registered = registered
        self._now = now

    def service(
        self, spec: ServiceSpec, members: Sequence[Container], known: Mapping[str, ServiceStatus]
    ) -> ServiceStatus:
        """``known`` has the services that it depends on."""
        waits = _waits(spec, members, known)
        instances = [self._instance(spec, container, waits) for container in members]
        return fold_service(spec, max(spec.replicas, len(members)), instances, waits)

    def _instance(self, spec: ServiceSpec, container: Container, waits: Reason | None) -> InstanceStatus:
        run = self._observations.runs[container.id]
        probe, registry = None if run.unanswered else run.probe, self._registry(spec, container)
        history = self._history(spec, container, registry)
        status = fold(container, spec, probe, registry, now=self._now, history=history, waits=waits)
        if status.health is Health.HEALTHY:
            run.been_healthy = True
        return status

    def _registry(self, spec: ServiceSpec, container: Container) -> RegistryView:
        known = self._observations.registrations is not None
        error = "" if known else self._observations.registry_error
        return RegistryView(
            self._config.registry,
            self._registered.get(container.instance_id),
            expected=bool(spec.mesh.register) and (known or bool(error)),
            error=error,
        )

    def _history(self, spec: ServiceSpec, container: Container, registry: RegistryView) -> History:
        """What is remembered is asked for only where it makes a difference."""
        run = self._observations.runs[container.id]
        answered = run.probe.ok if run.probe is not None else not run.unanswered
        well = container.state is ContainerState.RUNNING and answered
        been_healthy = run.been_healthy
        if been_healthy is None and not (well and registry.status in (None, CheckStatus.PASSING)):
            been_healthy = self._memory.been_ready(container)
        stopped = self._observations.was_stopped(container.id)
        return History(
            self._observations.recent_deaths(container, self._now),
            been_healthy,
            lone=run.lone,
            unanswered=run.unanswered,
            stopped=stopped or (container.state is ContainerState.EXITED and self._memory.was_stopped(container)),
            may_end=is_done(container) and may_end(self._config, spec),
        )


def _spec(config: MeshConfig, name: str, members: Sequence[Container]) -> ServiceSpec:
    """What the file says, or what the labels of a service that has left the file still tell."""
    if name in config.services:
        return config.services[name]
    kinds = {kind.value for kind in ServiceKind}
    kind = next((c.kind for c in members if c.kind in kinds), ServiceKind.APPLICATION.value)
    return ServiceSpec(name, kind=ServiceKind(kind))


def _waits(spec: ServiceSpec, members: Sequence[Container], known: Mapping[str, ServiceStatus]) -> Reason | None:
    """What holds a service up that has not been started yet: the last of those that wait for each other.

    One that was not even created waits only for what is on its way.
    """
    if spec.profiles or any(c.state is not ContainerState.CREATED for c in members):
        return None
    for edge in spec.depends_on:
        dependency = known.get(edge.service)
        if edge.condition is Condition.STARTED or dependency is None or not edge.required:
            continue
        if dependency.health is Health.WAITING:
            return replace(dependency.reasons[0], instance="")
        on_its_way = dependency.health is Health.STARTING or (
            edge.condition is Condition.COMPLETED and dependency.health is Health.HEALTHY
        )
        if on_its_way:
            started = [i.started_at for i in dependency.instances if i.started_at is not None]
            return Reason(ReasonKind.WAITS, source=edge.service, since=min(started, default=None))
        if members and dependency.health not in READY:
            return Reason(ReasonKind.WAITS, source=edge.service, cause=_HELD_UP_BY.get(dependency.health))
    return None
