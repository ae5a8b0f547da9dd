"""Folds container state, own probe and registry checks into one verdict, and names where they disagree."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshctl.core.exits import killed_after
from meshctl.core.health.life import CRASH_LOOP_DEATHS, SETTLED_S, UNCHECKED_S, budget_s, lived_s, must_live_s, uptime_s
from meshctl.core.registry import fold_checks, worst_check
from meshctl.core.text import shorten
from meshctl.model.config import CheckKind, RestartPolicy, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from meshctl.model.status import Health, InstanceStatus, ProbeResult, Reason, ReasonKind

_KEPT_RUNNING = (RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)
_PURPOSEFUL_EXITS = (None, 0, 130, 143)
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
    """What is known of an instance beyond this moment.

    ``recent_deaths``: unasked-for ones lately, where somebody counts them. ``been_healthy``: whether it was ready in
    this run, None when nobody knows. ``lone``: so many checks have failed in a row, fewer than decide. ``unanswered``:
    why no check has an answer. ``stopped``: a person ended this run. ``may_end``: an end with 0 is what it is for.
    """

    recent_deaths: int = 0
    been_healthy: bool | None = None
    lone: int = 0
    unanswered: str = ""
    stopped: bool = False
    may_end: bool = False


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
    one = _Instance(container, spec, registry, now, history)
    running = container.state is ContainerState.RUNNING
    health, reasons = one.running(probe) if running else one.not_running(waits)
    return InstanceStatus(
        id=container.instance_id,
        container=container.name,
        container_id=container.id,
        state=container.state,
        health=health,
        reasons=reasons,
        ports=dict(container.ports),
        probe=probe if running else None,
        registry=registry.status,
        restarts=container.restarts,
        started_at=container.started_at,
    )


def is_starting(container: Container, spec: ServiceSpec, now: float, been_healthy: bool | None) -> bool:
    """Whether it has not been ready yet and may still take its time."""
    return been_healthy is not True and uptime_s(container, now) < budget_s(spec.healthcheck)


@dataclass(frozen=True, slots=True)
class _Instance:
    """One instance and all that is known of it."""

    container: Container
    spec: ServiceSpec
    registry: RegistryView
    now: float
    history: History

    def running(self, probe: ProbeResult | None) -> _Verdict:
        restarts, alive = self.container.restarts, uptime_s(self.container, self.now)
        settled = alive >= must_live_s(self.spec.healthcheck, restarts)
        if self._deaths >= CRASH_LOOP_DEATHS and (self.history.recent_deaths >= CRASH_LOOP_DEATHS or not settled):
            return Health.CRASH_LOOP, (self._crash_loop(), *self._asked(probe)[1])
        if not settled:
            return Health.STARTING, (Reason(ReasonKind.RESTARTING, count=restarts),)
        return self._asked(probe)

    def not_running(self, waits: Reason | None) -> _Verdict:
        container = self.container
        match container.state:
            case ContainerState.CREATED:
                return self._created(waits)
            case ContainerState.PAUSED:
                return Health.PAUSED, ()
            case ContainerState.RESTARTING:
                return self._restarting()
            case ContainerState.REMOVING:
                return Health.STOPPED, (Reason(ReasonKind.REMOVING),)
            case ContainerState.DEAD:
                return self._fallen, (Reason(ReasonKind.DEAD, detail=shorten(container.error)),)
            case _:
                return self._exited()

    # -- what runs

    def _asked(self, probe: ProbeResult | None) -> _Verdict:
        """By its own check and by the registry."""
        starting = is_starting(self.container, self.spec, self.now, self.history.been_healthy)
        passes = self.registry.status is CheckStatus.PASSING
        against = _registry_reason(self.registry, passes_alone=probe is not None and probe.ok)
        if probe is not None and not probe.ok:
            failed = Reason(
                ReasonKind.PROBE_FAILS,
                source=self.registry.name if passes else "",
                detail=shorten(probe.detail),
                count=self.history.lone,
                alone=passes,
            )
            return self._failing(starting), (failed, *against)
        if against:
            fresh = self.history.been_healthy is not True and uptime_s(self.container, self.now) < SETTLED_S
            silent = against[0].kind is ReasonKind.REGISTRY_SILENT
            return (Health.STARTING if (starting or fresh) and not silent else Health.DEGRADED), against
        unprobed = probe is None and self.spec.healthcheck.kind is not CheckKind.NONE
        if unprobed and (self.registry.status is None or self.history.unanswered):
            why = Reason(ReasonKind.NOT_PROBED, detail=self.history.unanswered)
            return (Health.STARTING if starting else Health.UNKNOWN), (why,)
        return Health.HEALTHY, ()

    def _failing(self, starting: bool) -> Health:
        if starting:
            return Health.STARTING
        if self.history.lone:
            return Health.STARTING if self.history.been_healthy is False else Health.DEGRADED
        return self._fallen

    # -- what does not

    def _created(self, waits: Reason | None) -> _Verdict:
        if self.container.error:
            return Health.FAILED, (self._could_not_start(),)
        if waits is not None:
            return Health.WAITING, (waits,)
        return Health.STOPPED, (Reason(ReasonKind.NOT_STARTED),)

    def _restarting(self) -> _Verdict:
        if self._deaths >= CRASH_LOOP_DEATHS:
            known = self.container.exit_code is not None or self.container.oom_killed
            return Health.CRASH_LOOP, (self._crash_loop(), *((self._exit(),) if known else ()))
        reason = replace(self._exit(), kind=ReasonKind.RESTARTING, count=self._deaths)
        return (Health.UNHEALTHY if self._fallen is Health.UNHEALTHY else Health.STARTING), (reason,)

    def _exited(self) -> _Verdict:
        ended = self._exit()
        if self.container.error:
            return Health.FAILED, (self._could_not_start(),)
        if self._is_done():
            return Health.DONE, ()
        if self._was_stopped():
            if self.history.stopped and not ended.oom:
                ended = replace(ended, detail=killed_after(ended.exit_code, self.spec.stop_grace_s))
            return Health.STOPPED, (() if self.container.exit_code in _PURPOSEFUL_EXITS else (ended,))
        if self._deaths >= CRASH_LOOP_DEATHS and not self.container.oom_killed:
            return Health.CRASH_LOOP, (self._crash_loop(), ended)
        return self._fallen, (ended,)

    def _is_done(self) -> bool:
        if self.container.exit_code != 0:
            return False
        return self.spec.kind is ServiceKind.JOB or (self.history.may_end and not self.history.stopped)

    def _was_stopped(self) -> bool:
        """Somebody knows so, or the engine would have restarted it had it died by itself."""
        if self.history.stopped:
            return True
        if self.spec.kind is ServiceKind.JOB or self.history.recent_deaths or self.container.oom_killed:
            return False
        if self.spec.restart in _KEPT_RUNNING:
            return True
        return self.container.exit_code in _PURPOSEFUL_EXITS and self.history.been_healthy is not False

    # -- both

    @property
    def _fallen(self) -> Health:
        """UNHEALTHY when it ran well before; where nobody knows, the registry's word or a long enough life."""
        been = self.history.been_healthy
        if been is None:
            check, container = self.spec.healthcheck, self.container
            plain = check.kind is CheckKind.NONE and self.spec.kind is not ServiceKind.JOB
            lasted = plain and lived_s(container, self.now) >= max(UNCHECKED_S, must_live_s(check, container.restarts))
            been = lasted or self.registry.registration is not None
        return Health.UNHEALTHY if been else Health.FAILED

    @property
    def _deaths(self) -> int:
        return max(self.container.restarts, self.history.recent_deaths)

    def _exit(self) -> Reason:
        return Reason(ReasonKind.EXITED, exit_code=self.container.exit_code, oom=self.container.oom_killed)

    def _could_not_start(self) -> Reason:
        return Reason(ReasonKind.COULD_NOT_START, detail=shorten(self.container.error))

    def _crash_loop(self) -> Reason:
        return Reason(ReasonKind.CRASH_LOOP, count=self._deaths)


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
