"""Waits until an instance is ready, judged by meshctl's own probe, and fails early with the evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from meshctl.core.exits import exit_words
from meshctl.core.registry import complaint, fold_checks
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.errors import DeadlineExceeded, MeshError, RegistryUnavailable, ServiceFailed
from meshctl.model.config import CheckKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.2
#: This many deaths while waiting are enough to call it failed.
DEATHS = 3
#: A run that was shorter than this is one more turn of a crash loop, a longer one begins anew.
LOOP_S = 10.0
#: An instance without a check that was just started must have lived this long.
SETTLE_S = 0.5
LOG_LINES = 20
#: No single probe gets less than this.
_SHORTEST_PROBE_S = 0.1

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
            raise ServiceFailed(f"{self.instance} was removed while it was waited for", service=service)
        return found


async def wait_ready(wait: Wait, spec: ServiceSpec) -> None:
    """Return when the probe passes. Raises ServiceFailed, DeadlineExceeded."""
    deaths = _Deaths(baseline=0 if wait.fresh else None)

    async def look() -> str:
        container = await wait.container()
        message = deaths.verdict(container)
        if message:
            raise await _failed(wait.mesh, spec, deaths.last or container, message)
        if container.state is not ContainerState.RUNNING:
            return f"its container is {container.state}"
        return await _probe(wait, spec, container)

    wrong = await wait.until(look)
    if wrong:
        raise await _too_late(wait, spec, f"is not ready: {wrong}")


async def wait_exit(wait: Wait, spec: ServiceSpec) -> None:
    """Return when a one-shot job has ended with 0. Raises ServiceFailed, DeadlineExceeded."""
    deaths = _Deaths(baseline=0 if wait.fresh else None)

    async def look() -> str:
        container = await wait.container()
        if container.state is ContainerState.EXITED and container.exit_code == 0:
            return ""
        message = deaths.verdict(container)
        if message:
            raise await _failed(wait.mesh, spec, deaths.last or container, message)
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
    """Counts deaths since the wait began; ``baseline`` None: what was there before does not count."""

    baseline: int | None
    last: Container | None = None

    def verdict(self, container: Container) -> str:
        """Why it is over, '' while there is hope."""
        if container.exit_code is not None:
            self.last = container
        if container.state in _OVER:
            ended = exit_words(container.exit_code, container.oom_killed)
            return f"{container.instance_id} {ended or f'is {container.state}'}"
        if self.baseline is None:
            self.baseline = container.restarts
        deaths = container.restarts - self.baseline
        if container.state is ContainerState.RESTARTING and _lived_s(container) < LOOP_S:
            deaths = max(deaths, container.restarts)
        if deaths < DEATHS:
            return ""
        why = exit_words(self.last.exit_code, self.last.oom_killed) if self.last else ""
        words = f"{container.instance_id} died {deaths} times while starting"
        return f"{words} ({why})" if why else words


def _lived_s(container: Container) -> float:
    """How long its last run was, seconds; 0 when the runtime does not tell."""
    if container.started_at is None or container.finished_at is None:
        return 0.0
    return container.finished_at - container.started_at


async def _probe(wait: Wait, spec: ServiceSpec, container: Container) -> str:
    """'' when the check passes, else why not."""
    check = spec.healthcheck
    if check.kind is CheckKind.NONE:
        return "it was started just now" if wait.fresh and wait.waited < SETTLE_S else ""
    limit = min(check.timeout_s, max(wait.left, _SHORTEST_PROBE_S))
    result = await wait.mesh.prober.probe(spec, replace(check, timeout_s=limit), container)
    return "" if result.ok else result.detail or "no answer"


async def _failed(mesh: Mesh, spec: ServiceSpec, container: Container, message: str) -> ServiceFailed:
    hint = f"meshctl logs {spec.name}"
    if container.oom_killed:
        hint = f"Give {spec.name} more memory (`mem_limit`), or see {hint}"
    return ServiceFailed(
        message,
        service=spec.name,
        hint=hint,
        log=await last_lines(mesh, container),
        exit_status=container.exit_code,
        oom_killed=container.oom_killed,
    )


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
