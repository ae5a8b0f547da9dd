"""Waits until an instance is ready, judged by meshctl's own probe, and fails early with the evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from meshctl.core.config.mask import mask
from meshctl.core.exits import exit_words
from meshctl.core.health.life import CRASH_LOOP_DEATHS, SETTLED_S, UNCHECKED_S, lived_s, must_live_s, uptime_s
from meshctl.core.jobs import is_done, may_end
from meshctl.core.registry import complaint, fold_checks
from meshctl.core.text import shorten
from meshctl.engine.asking import ask, unanswered
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.errors import DeadlineExceeded, MeshError, RegistryUnavailable, ServiceFailed
from meshctl.model.config import CheckKind, HealthCheck, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus
from meshctl.model.status import ProbeProblem

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.2
LOG_LINES = 20
#: No single probe gets less than this.
_SHORTEST_PROBE_S = 0.1
_COMMAND_WIDTH = 60

_OVER = (ContainerState.EXITED, ContainerState.DEAD, ContainerState.REMOVING)


@dataclass(slots=True)
class Wait:
    """One instance that is waited for until ``deadline`` (monotonic). ``fresh``: it was started just now.

    ``tell`` hears what it waits for, whenever that changes.
    """

    mesh: Mesh
    cache: ObservationCache
    instance: str
    deadline: float
    fresh: bool = False
    tell: Callable[[str], None] = lambda _: None
    _began: float = field(init=False)
    _told: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._began = self.mesh.clock.monotonic()

    @property
    def waited(self) -> float:
        return self.mesh.clock.monotonic() - self._began

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self.mesh.clock.now()

    @property
    def left(self) -> float:
        return self.deadline - self.mesh.clock.monotonic()

    async def until(self, look: Callable[[], Awaitable[str]]) -> str:
        """Look again and again until it finds nothing wrong; '' then, or what was wrong at the deadline."""
        pause = FIRST_PAUSE_S
        while True:
            wrong = await look()
            if not wrong or self.left <= 0:
                return wrong
            if wrong != self._told:
                self._told = wrong
                self.tell(wrong)
            await self.mesh.clock.sleep(min(pause, self.left))
            pause = min(pause * 1.5, LONGEST_PAUSE_S)

    async def container(self) -> Container:
        """Raises ServiceFailed when it is gone."""
        found = await self.cache.container(self.instance)
        if found is None:
            service = self.instance.rpartition("-")[0]
            message = f"{self.instance} was removed while it was waited for"
            raise ServiceFailed(message, service=service, hint=f"meshctl up {service}")
        return found


async def wait_ready(wait: Wait, spec: ServiceSpec) -> None:
    """Return when it is ready, or has done what it is for. Raises ServiceFailed, DeadlineExceeded."""
    start = _Start(wait, spec)
    if await wait.until(start.look):
        raise await _too_late(wait, spec, f"is not ready: {start.evidence}")


async def wait_exit(wait: Wait, spec: ServiceSpec) -> None:
    """Return when a one-shot job has ended with 0. Raises ServiceFailed, DeadlineExceeded."""
    deaths = _Deaths(wait, spec)

    async def look() -> str:
        container = await wait.container()
        if is_done(container):
            return ""
        await deaths.judge(container)
        return "it still runs"

    wrong = await wait.until(look)
    if wrong:
        raise await _too_late(wait, spec, "has not ended: it still runs")


async def wait_registered(wait: Wait, service: str) -> None:
    """Return when the registry lists the instance as passing. Raises DeadlineExceeded."""
    registry = wait.mesh.config.registry

    async def look() -> str:
        try:
            found = await wait.cache.registration(wait.instance)
        except RegistryUnavailable as error:
            return str(error)
        if found is None:
            return "not registered"
        status = fold_checks(found.checks)
        return "" if status is CheckStatus.PASSING else f"{status}: {complaint(found.checks)}".rstrip(": ")

    wrong = await wait.until(look)
    if wrong:
        raise DeadlineExceeded(
            f"{wait.instance} answers, but {registry} does not list it as passing ({wrong})",
            hint=f"meshctl logs {service} {registry}",
        )


@dataclass(slots=True)
class _Deaths:
    """Counts deaths since the wait began; of an instance that ran before, what was there does not count."""

    wait: Wait
    spec: ServiceSpec
    last: Container | None = None
    _before: int | None = field(init=False)

    def __post_init__(self) -> None:
        self._before = 0 if self.wait.fresh else None

    async def judge(self, container: Container) -> None:
        """Raises ServiceFailed when it is over."""
        if container.exit_code is not None:
            self.last = container
        ended = exit_words(self.last.exit_code, self.last.oom_killed) if self.last else ""
        if container.state in _OVER:
            raise await self.failed(container, f"{container.instance_id} {ended or f'is {container.state}'}")
        if self._before is None:
            self._before = container.restarts
        deaths = container.restarts - self._before
        if container.state is ContainerState.RESTARTING and lived_s(container, self.wait.now) < SETTLED_S:
            deaths = max(deaths, container.restarts)
        # One that runs just now dies again, or has settled, before this wait is over: its exit code is worth it.
        if deaths >= CRASH_LOOP_DEATHS and (ended or container.state is not ContainerState.RUNNING):
            words = f"{container.instance_id} is in a crash loop: it died {deaths} times"
            raise await self.failed(container, f"{words} ({ended})" if ended else words)

    async def failed(self, container: Container, message: str, hint: str = "") -> ServiceFailed:
        """With the exit code it had at last and its last lines; noted."""
        self.wait.cache.memory.note_failed(container, message)
        ended = self.last or container
        see = f"meshctl logs {self.spec.name}"
        if ended.oom_killed:
            hint = f"Give {self.spec.name} more memory (`mem_limit`), or see {see}"
        return ServiceFailed(
            message,
            service=self.spec.name,
            hint=hint or see,
            log=await last_lines(self.wait.mesh, container),
            exit_status=ended.exit_code,
            oom_killed=ended.oom_killed,
        )


class _Start:
    """What was seen of one instance in its wait. ``evidence``: the best there is why it is not ready."""

    def __init__(self, wait: Wait, spec: ServiceSpec) -> None:
        self.evidence = ""
        self._wait = wait
        self._spec = spec
        self._check = spec.healthcheck
        self._deaths = _Deaths(wait, spec)
        self._began = wait.mesh.clock.monotonic()
        self._run: Container | None = None
        self._from_start = wait.fresh
        self._restarted = False
        self._asked = 0
        self._failed = 0

    async def look(self) -> str:
        """'' when it is ready, else why not. Raises ServiceFailed when that is decided."""
        container = await self._wait.container()
        if not (is_done(container) and may_end(self._wait.mesh.config, self._spec)):
            self.evidence = await self._wrong(container)
            return self.evidence
        return ""

    async def _wrong(self, container: Container) -> str:
        await self._deaths.judge(container)
        if container.state is ContainerState.PAUSED:
            raise ServiceFailed(
                f"{container.instance_id} was paused while it was waited for",
                service=self._spec.name,
                hint=f"meshctl unpause {self._spec.name}",
            )
        if container.state is not ContainerState.RUNNING:
            return self.evidence if self._asked else f"its container is {container.state}"
        self._follow(container)
        if self._check.kind is not CheckKind.NONE:
            complaint = await self._complaint(container)
            if complaint:
                return complaint
        restarts = max(container.restarts, int(self._restarted))
        least = UNCHECKED_S if self._check.kind is CheckKind.NONE else 0.0
        if self._alive_s(container) < max(least, must_live_s(self._check, restarts)):
            return "it was restarted just now" if restarts else "it was started just now"
        self._wait.cache.memory.note_ready(container)
        return ""

    def _follow(self, container: Container) -> None:
        """A new run begins anew with its start period and its failures."""
        if self._run is not None and self._run.started_at != container.started_at:
            self._began = self._wait.mesh.clock.monotonic()
            self._from_start = self._restarted = True
            self._failed = 0
        self._run = container

    def _alive_s(self, container: Container) -> float:
        seen = self._wait.mesh.clock.monotonic() - self._began
        return seen if self._from_start else max(seen, uptime_s(container, self._wait.now))

    async def _complaint(self, container: Container) -> str:
        """'' when the check passes. Raises ServiceFailed after the start period and ``retries`` × ``interval``."""
        counts = self._wait.mesh.clock.monotonic() - self._began >= self._check.start_period_s
        limit = max(self._wait.left, _SHORTEST_PROBE_S)
        result = await ask(self._wait.mesh, self._spec, container, limit)
        if result is None:
            return self.evidence if self._asked else unanswered(self._check, limit)
        self._wait.cache.note_answer(container, result)
        if result.ok:
            return ""
        self._asked += 1
        self._failed += int(counts)
        spent = self._wait.mesh.clock.monotonic() - self._began
        left = result.problem is ProbeProblem.LEFT  # and so nothing was asked
        evidence = self.evidence if left and self._asked > 1 else result.detail or "no answer"
        if self._failed >= self._check.retries and spent >= self._check.budget_s:
            raise await self._given_up(container, spent, evidence)
        return evidence

    async def _given_up(self, container: Container, spent: float, evidence: str) -> ServiceFailed:
        what = _check_words(self._check, self._wait.mesh.config.secrets)
        times = "once" if self._asked == 1 else f"{self._asked} times"
        return await self._deaths.failed(
            container,
            f"{container.instance_id} did not get ready in {spent:.3g} s: its check ({what}) failed {times}, "
            f"at last with: {evidence}",
            hint=f"meshctl logs {self._spec.name}; more time: start_period or retries of its healthcheck",
        )


def _check_words(check: HealthCheck, secrets: tuple[str, ...]) -> str:
    """``GET /health on port http``."""
    match check.kind:
        case CheckKind.HTTP:
            return f"GET {mask(check.path, secrets)} on port {check.port}"
        case CheckKind.GRPC:
            return f"grpc.health.v1 on port {check.port}"
        case CheckKind.TCP:
            return f"a connection to port {check.port}"
    command = check.test[2:] if check.test[:2] == ("/bin/sh", "-c") else check.test
    return shorten(mask(" ".join(command), secrets), _COMMAND_WIDTH)


async def _too_late(wait: Wait, spec: ServiceSpec, what: str) -> DeadlineExceeded:
    container = await wait.cache.container(wait.instance)
    lines = await last_lines(wait.mesh, container) if container else ()
    said = f"; its last line: {lines[-1]}" if lines else ""
    return DeadlineExceeded(f"{wait.instance} {what}{said}", hint=f"meshctl logs {spec.name}; more time: --timeout")


async def last_lines(mesh: Mesh, container: Container) -> tuple[str, ...]:
    """The end of the container's output, () if it cannot be had."""
    lines: list[str] = []
    with suppress(MeshError):
        async for line in mesh.runtime.logs(container, since=None, tail=LOG_LINES, follow=False):
            lines.append(line.text)
    return tuple(lines[-LOG_LINES:])
