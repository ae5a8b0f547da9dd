"""Folds container state, own probe and registry checks into one verdict, and names where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshctl.core.registry import fold_checks, worst_check
from meshctl.core.text import shorten
from meshctl.model.config import CheckKind, RestartPolicy, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from meshctl.model.status import Health, InstanceStatus, ProbeResult, Reason, ReasonKind, ServiceStatus

#: An instance that has not been ready yet is starting for at least this many seconds.
GRACE_S = 10.0
#: This many deaths make a crash loop.
CRASH_LOOP_DEATHS = 3

NOT_CREATED = "not created"

_KEPT_RUNNING = (RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)
_PURPOSEFUL_EXITS = (None, 0, 130, 143)
_READY = (Health.HEALTHY, Health.DONE)
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

_Verdict = tuple[Health, tuple[Reason, ...]]


@dataclass(frozen=True, slots=True)
class RegistryView:
    """What the registry ``name`` lists of one instance that is ``expected`` there.

    ``error`` says why it could not be asked, '' when it was.
    """

    name: str = ""
    registration: Registration | None = None
    expected: bool = False
    error: str = ""

    @property
    def status(self) -> CheckStatus | None:
        """None: not asked, or not registered by design."""
        if self.registration is not None:
            return fold_checks(self.registration.checks)
        return CheckStatus.ABSENT if self.expected and not self.error else None


@dataclass(frozen=True, slots=True)
class History:
    """What was seen of an instance before. ``recent_deaths``: unasked-for ones lately, where somebody counts them.

    ``been_healthy``: it was ready since it started, so that a failure now is no longer part of its start.
    """

    recent_deaths: int = 0
    been_healthy: bool = False


def fold(
    container: Container,
    spec: ServiceSpec,
    probe: ProbeResult | None,
    registry: RegistryView,
    *,
    now: float,
    history: History = History(),
    waits: Reason | None = None,
) -> InstanceStatus:
    """The verdict on one instance. ``probe`` None: not asked; ``waits`` is what holds its start up."""
    if container.state is ContainerState.RUNNING:
        young = _uptime(container, now) < max(spec.healthcheck.start_period_s, GRACE_S)
        health, reasons = _running(spec, probe, registry, young and not history.been_healthy)
        if _loops(container, now, history.recent_deaths):
            health, reasons = Health.CRASH_LOOP, (_crash_loop(container, history.recent_deaths), *reasons)
    else:
        health, reasons = _not_running(container, spec, history.recent_deaths, waits)
    return InstanceStatus(
        id=container.instance_id,
        container=container.name,
        container_id=container.id,
        state=container.state,
        health=health,
        reasons=reasons,
        ports=dict(container.ports),
        probe=probe if container.state is ContainerState.RUNNING else None,
        registry=registry.status,
        restarts=container.restarts,
        started_at=container.started_at,
    )


def fold_service(
    spec: ServiceSpec, desired: int, instances: Sequence[InstanceStatus], waits: Reason | None = None
) -> ServiceStatus:
    """The verdict on a service: some ready and some not is degraded, otherwise the worst of its instances."""
    ready = sum(1 for instance in instances if instance.health in _READY)
    return ServiceStatus(
        service=spec.name,
        kind=spec.kind,
        state=_service_state(instances),
        health=_service_health(desired, instances, ready, waits is not None),
        ready=ready,
        desired=desired,
        restarts=sum(instance.restarts for instance in instances),
        reasons=_service_reasons(desired, instances, waits),
        instances=tuple(instances),
    )


def _running(spec: ServiceSpec, probe: ProbeResult | None, registry: RegistryView, starting: bool) -> _Verdict:
    against = _registry_reason(registry, passes_alone=probe is not None and probe.ok)
    if probe is not None and not probe.ok:
        passes = registry.status is CheckStatus.PASSING
        failed = Reason(
            ReasonKind.PROBE_FAILS,
            source=registry.name if passes else "",
            detail=shorten(probe.detail),
            alone=passes,
        )
        return (Health.STARTING if starting else Health.UNHEALTHY), (failed, *against)
    if against:
        silent = against[0].kind is ReasonKind.REGISTRY_SILENT
        return (Health.STARTING if starting and not silent else Health.DEGRADED), against
    unprobed = probe is None and spec.healthcheck.kind is not CheckKind.NONE
    if unprobed and registry.status is None:
        return Health.UNKNOWN, (Reason(ReasonKind.NOT_PROBED),)
    return Health.HEALTHY, ()


def _registry_reason(registry: RegistryView, passes_alone: bool) -> tuple[Reason, ...]:
    """What the registry has against the instance."""
    if registry.error:
        silent = Reason(ReasonKind.REGISTRY_SILENT, source=registry.name, detail=registry.error)
        return (silent,) if registry.expected else ()
    if registry.status is CheckStatus.ABSENT:
        return (Reason(ReasonKind.NOT_REGISTERED, source=registry.name),)
    worst = worst_check(registry.registration.checks) if registry.registration is not None else None
    if worst is None or registry.status is CheckStatus.PASSING:
        return ()
    check = replace(worst, output=shorten(worst.output))
    return (Reason(ReasonKind.CHECK_FAILS, source=registry.name, check=check, alone=passes_alone),)


def _not_running(container: Container, spec: ServiceSpec, recent_deaths: int, waits: Reason | None) -> _Verdict:
    match container.state:
        case ContainerState.CREATED:
            return _created(container, waits)
        case ContainerState.PAUSED:
            return Health.PAUSED, ()
        case ContainerState.RESTARTING:
            return _restarting(container, recent_deaths)
        case ContainerState.REMOVING:
            return Health.STOPPED, (Reason(ReasonKind.REMOVING),)
        case ContainerState.DEAD:
            return Health.UNHEALTHY, (Reason(ReasonKind.DEAD, detail=shorten(container.error)),)
        case _:
            return _exited(container, spec, recent_deaths)


def _created(container: Container, waits: Reason | None) -> _Verdict:
    if container.error:
        return Health.UNHEALTHY, (_could_not_start(container),)
    if waits is not None:
        return Health.STARTING, (waits,)
    return Health.STOPPED, (Reason(ReasonKind.NOT_STARTED),)


def _restarting(container: Container, recent_deaths: int) -> _Verdict:
    times = max(container.restarts, recent_deaths)
    if times >= CRASH_LOOP_DEATHS:
        known = container.exit_code is not None or container.oom_killed
        return Health.CRASH_LOOP, (_crash_loop(container, recent_deaths), *((_exit(container),) if known else ()))
    reason = replace(_exit(container), kind=ReasonKind.RESTARTING, count=times)
    return Health.UNHEALTHY, (reason,)


def _exited(container: Container, spec: ServiceSpec, recent_deaths: int) -> _Verdict:
    ended = _exit(container)
    if container.error:
        return Health.UNHEALTHY, (_could_not_start(container),)
    if spec.kind is ServiceKind.JOB and container.exit_code == 0:
        return Health.DONE, ()
    if container.oom_killed:
        return Health.UNHEALTHY, (ended,)
    if not recent_deaths and _ended_on_purpose(container, spec):
        return Health.STOPPED, (() if container.exit_code in _PURPOSEFUL_EXITS else (ended,))
    if recent_deaths >= CRASH_LOOP_DEATHS or container.restarts >= CRASH_LOOP_DEATHS:
        return Health.CRASH_LOOP, (_crash_loop(container, recent_deaths), ended)
    return Health.UNHEALTHY, (ended,)


def _exit(container: Container) -> Reason:
    return Reason(ReasonKind.EXITED, exit_code=container.exit_code, oom=container.oom_killed)


def _could_not_start(container: Container) -> Reason:
    return Reason(ReasonKind.COULD_NOT_START, detail=shorten(container.error))


def _crash_loop(container: Container, recent_deaths: int) -> Reason:
    return Reason(ReasonKind.CRASH_LOOP, count=max(container.restarts, recent_deaths))


def _ended_on_purpose(container: Container, spec: ServiceSpec) -> bool:
    """The engine would have restarted a kept-running service had it died by itself."""
    if spec.kind is ServiceKind.JOB:
        return False
    return spec.restart in _KEPT_RUNNING or container.exit_code in _PURPOSEFUL_EXITS


def _loops(container: Container, now: float, recent_deaths: int) -> bool:
    if recent_deaths >= CRASH_LOOP_DEATHS:
        return True
    return container.restarts >= CRASH_LOOP_DEATHS and _uptime(container, now) < GRACE_S


def _uptime(container: Container, now: float) -> float:
    return float("inf") if container.started_at is None else now - container.started_at


def _service_state(instances: Sequence[InstanceStatus]) -> str:
    states = {instance.state for instance in instances}
    if not states:
        return NOT_CREATED
    if len(states) == 1:
        return states.pop().value
    return "partly running" if ContainerState.RUNNING in states else "stopped"


def _service_health(desired: int, instances: Sequence[InstanceStatus], ready: int, waits: bool) -> Health:
    healths = {instance.health for instance in instances}
    if not healths:
        return Health.STARTING if waits else Health.STOPPED
    short = len(instances) < desired
    if not short and len(healths) == 1:
        return healths.pop()
    unready = healths - set(_READY)
    if ready and unready == {Health.STARTING} and not short:
        return Health.STARTING
    if ready and (unready or short):
        return Health.DEGRADED
    return next(health for health in _SEVERITY if health in healths)


def _service_reasons(desired: int, instances: Sequence[InstanceStatus], waits: Reason | None) -> tuple[Reason, ...]:
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
