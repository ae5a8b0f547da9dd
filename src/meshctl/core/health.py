"""Folds container state, own probe and registry check into one verdict, and names where they disagree."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.core.registry import complaint, fold_checks
from meshctl.core.text import shorten
from meshctl.model.config import CheckKind, RestartPolicy, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.status import (
    CheckStatus,
    Health,
    InstanceStatus,
    ProbeResult,
    Registration,
    ServiceStatus,
)

#: An instance that has not been ready yet is starting for at least this many seconds.
GRACE_S = 10.0
#: This many deaths make a crash loop.
CRASH_LOOP_DEATHS = 3

NOT_CREATED = "not created"

_KEPT_RUNNING = (RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)
_SIGNALS = {134: "aborted", 137: "killed", 139: "segmentation fault"}
_PURPOSEFUL_EXITS = (None, 0, 130, 143)
_READY = (Health.HEALTHY, Health.DONE)
#: Worst first.
_SEVERITY = (
    Health.CRASH_LOOP,
    Health.UNHEALTHY,
    Health.DEGRADED,
    Health.STARTING,
    Health.UNKNOWN,
    Health.PAUSED,
    Health.STOPPED,
    Health.HEALTHY,
    Health.DONE,
)

_Verdict = tuple[Health, tuple[str, ...]]


def fold(
    container: Container,
    spec: ServiceSpec,
    probe: ProbeResult | None,
    registration: Registration | None,
    *,
    expects_registration: bool,
    now: float,
    recent_deaths: int = 0,
    been_healthy: bool = False,
    registry_error: str = "",
    waiting_for: str = "",
) -> InstanceStatus:
    """The verdict on one instance.

    ``probe`` None: not asked. ``recent_deaths``: unasked-for deaths lately, where somebody counts them.
    ``been_healthy``: it was ready since it started, so that a failure now is no longer part of its start.
    ``registry_error``: the registry could not be asked, and why. ``waiting_for``: what holds its start up,
    such as ``rabbitmq, which is starting``.
    """
    if container.state is ContainerState.RUNNING:
        truths = _Truths(
            spec,
            probe,
            registration,
            expects_registration=expects_registration,
            registry_error=registry_error,
        )
        young = _uptime(container, now) < max(spec.healthcheck.start_period_s, GRACE_S)
        health, reasons = _running(truths, young and not been_healthy)
        if _loops(container, now, recent_deaths):
            deaths = max(container.restarts, recent_deaths)
            health, reasons = Health.CRASH_LOOP, (f"crash loop: {deaths} restarts", *reasons)
    else:
        health, reasons = _not_running(container, spec, recent_deaths, waiting_for)
    return InstanceStatus(
        id=container.instance_id,
        container=container.name,
        container_id=container.id,
        state=container.state,
        health=health,
        reasons=reasons,
        ports=dict(container.ports),
        probe=probe if container.state is ContainerState.RUNNING else None,
        registry=_registry_word(registration, expects_registration and not registry_error),
        restarts=container.restarts,
        started_at=container.started_at,
    )


def fold_service(
    spec: ServiceSpec, desired: int, instances: Sequence[InstanceStatus], waiting_for: str = ""
) -> ServiceStatus:
    """The verdict on a service: some ready and some not is degraded, otherwise the worst of its instances."""
    ready = sum(1 for instance in instances if instance.health in _READY)
    return ServiceStatus(
        service=spec.name,
        kind=spec.kind,
        state=_service_state(instances),
        health=_service_health(desired, instances, ready, waiting_for),
        ready=ready,
        desired=desired,
        restarts=sum(instance.restarts for instance in instances),
        reasons=_service_reasons(desired, instances, waiting_for),
        instances=tuple(instances),
    )


def exit_words(container: Container) -> str:
    """``exited 137, out of memory``; ``exited 3``; '' when nothing is known."""
    code = container.exit_code
    if code is None:
        return "out of memory" if container.oom_killed else ""
    why = "out of memory" if container.oom_killed else _SIGNALS.get(code, "")
    return f"exited {code}, {why}" if why else f"exited {code}"


class _Truths:
    """What the probe and the registry say of a running instance. None: no word from that side."""

    def __init__(
        self,
        spec: ServiceSpec,
        probe: ProbeResult | None,
        registration: Registration | None,
        expects_registration: bool,
        registry_error: str,
    ) -> None:
        self.unprobed = probe is None and spec.healthcheck.kind is not CheckKind.NONE
        self.answers = probe.ok if probe is not None else None
        self.why_not = shorten(probe.detail) if probe is not None else ""
        self.registry_error = registry_error if expects_registration else ""
        self.check = _registry_word(registration, expects_registration and not registry_error)
        self.output = shorten(complaint(registration.checks)) if registration is not None else ""

    def registry_says(self) -> str:
        """``consul critical: timeout``; '' when it has nothing against the instance."""
        if self.registry_error:
            return self.registry_error
        if self.check in (None, CheckStatus.PASSING):
            return ""
        if self.check is CheckStatus.ABSENT:
            return "not registered in consul"
        return f"consul {self.check}: {self.output}" if self.output else f"consul {self.check}"

    def disagreement(self) -> tuple[str, ...]:
        """Reasons, with the side that sees it otherwise named first."""
        registry = self.registry_says()
        if self.answers is False:
            failed = f"own probe fails: {self.why_not}" if self.why_not else "own probe fails"
            if self.check is CheckStatus.PASSING:
                return (f"consul passes, {failed}",)
            return (failed, registry) if registry else (failed,)
        if registry and self.answers and not self.registry_error and self.check is not CheckStatus.ABSENT:
            return (f"probe passes, {registry}",)
        return (registry,) if registry else ()


def _running(truths: _Truths, starting: bool) -> _Verdict:
    reasons = truths.disagreement()
    if truths.answers is False:
        return (Health.STARTING if starting else Health.UNHEALTHY), reasons
    if truths.registry_error:
        return Health.DEGRADED, reasons
    if reasons:
        return (Health.STARTING if starting else Health.DEGRADED), reasons
    if truths.unprobed and truths.check is None:
        return Health.UNKNOWN, ("not probed",)
    return Health.HEALTHY, ()


def _not_running(container: Container, spec: ServiceSpec, recent_deaths: int, waiting_for: str) -> _Verdict:
    match container.state:
        case ContainerState.CREATED:
            return _created(container, waiting_for)
        case ContainerState.PAUSED:
            return Health.PAUSED, ()
        case ContainerState.RESTARTING:
            return _restarting(container, recent_deaths)
        case ContainerState.REMOVING:
            return Health.STOPPED, ("being removed",)
        case ContainerState.DEAD:
            return Health.UNHEALTHY, (_with_error("dead", container),)
        case _:
            return _exited(container, spec, recent_deaths)


def _created(container: Container, waiting_for: str) -> _Verdict:
    if container.error:
        return Health.UNHEALTHY, (_with_error("could not start", container),)
    if waiting_for:
        return Health.STARTING, (f"waits for {waiting_for}",)
    return Health.STOPPED, ("created, not started",)


def _restarting(container: Container, recent_deaths: int) -> _Verdict:
    times = max(container.restarts, recent_deaths)
    code = "" if container.exit_code is None else f"exit {container.exit_code} · "
    if container.oom_killed:
        code = f"exit {container.exit_code}, out of memory · "
    reason = f"{code}restarting" + (f", {times} times" if times > 1 else "")
    if times >= CRASH_LOOP_DEATHS:
        words = exit_words(container)
        return Health.CRASH_LOOP, (f"crash loop: {times} restarts", *([words] if words else []))
    return Health.UNHEALTHY, (reason,)


def _exited(container: Container, spec: ServiceSpec, recent_deaths: int) -> _Verdict:
    words = exit_words(container)
    if container.error:
        return Health.UNHEALTHY, (_with_error("could not start", container),)
    if spec.kind is ServiceKind.JOB and container.exit_code == 0:
        return Health.DONE, ()
    if container.oom_killed:
        return Health.UNHEALTHY, (words,)
    if not recent_deaths and _ended_on_purpose(container, spec):
        return Health.STOPPED, (() if container.exit_code in _PURPOSEFUL_EXITS else (words,))
    if recent_deaths >= CRASH_LOOP_DEATHS or container.restarts >= CRASH_LOOP_DEATHS:
        deaths = max(container.restarts, recent_deaths)
        return Health.CRASH_LOOP, (f"crash loop: {deaths} restarts", words)
    return Health.UNHEALTHY, (words,)


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


def _with_error(words: str, container: Container) -> str:
    return f"{words}: {shorten(container.error)}" if container.error else words


def _registry_word(registration: Registration | None, asked: bool) -> CheckStatus | None:
    if registration is not None:
        return fold_checks(registration.checks)
    return CheckStatus.ABSENT if asked else None


def _service_state(instances: Sequence[InstanceStatus]) -> str:
    states = {instance.state for instance in instances}
    if not states:
        return NOT_CREATED
    if len(states) == 1:
        return states.pop().value
    return "partly running" if ContainerState.RUNNING in states else "stopped"


def _service_health(desired: int, instances: Sequence[InstanceStatus], ready: int, waiting_for: str) -> Health:
    healths = {instance.health for instance in instances}
    if not healths:
        return Health.STARTING if waiting_for else Health.STOPPED
    short = len(instances) < desired
    if not short and len(healths) == 1:
        return healths.pop()
    unready = healths - set(_READY)
    if ready and unready == {Health.STARTING} and not short:
        return Health.STARTING
    if ready and (unready or short):
        return Health.DEGRADED
    return next(health for health in _SEVERITY if health in healths)


def _service_reasons(desired: int, instances: Sequence[InstanceStatus], waiting_for: str) -> tuple[str, ...]:
    if not instances:
        return (f"waits for {waiting_for}",) if waiting_for else ()
    alone = len(instances) == 1
    reasons = [reason if alone else f"{instance.id}: {reason}" for instance in instances for reason in instance.reasons]
    if len(instances) < desired:
        reasons.append(f"{len(instances)} of {desired} instances exist")
    return tuple(reasons)
