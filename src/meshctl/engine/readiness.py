"""Waits until an instance is ready, judged by meshctl's own probe, and fails early with the evidence."""

from __future__ import annotations

from contextlib import suppress

from meshctl.core.health import exit_words
from meshctl.engine.lookout import Lookout
from meshctl.engine.mesh import Mesh
from meshctl.errors import DeadlineExceeded, MeshError, RegistryUnavailable, ServiceFailed
from meshctl.model.config import RestartPolicy, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.status import CheckStatus

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.2
#: This many deaths while waiting are enough to call it failed.
DEATHS = 3
LOG_LINES = 20


async def wait_ready(mesh: Mesh, lookout: Lookout, spec: ServiceSpec, instance: str, deadline: float) -> None:
    """Return when the probe passes. Raises ServiceFailed, DeadlineExceeded."""
    since, pause, deaths, detail = mesh.clock.monotonic(), FIRST_PAUSE_S, None, ""
    while True:
        container = await lookout.container(instance, since)
        deaths = container.restarts if deaths is None else deaths
        await _fail_if_over(mesh, spec, container, container.restarts - deaths)
        if container.state is ContainerState.RUNNING:
            result = await mesh.prober.probe(spec, spec.healthcheck, container)
            if result.ok:
                return
            detail = result.detail
        else:
            detail = f"its container is {container.state}"
        if mesh.clock.monotonic() >= deadline:
            raise await _too_late(mesh, spec, container, detail)
        await mesh.clock.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


async def wait_exit(mesh: Mesh, lookout: Lookout, spec: ServiceSpec, instance: str, deadline: float) -> None:
    """Return when a one-shot job has ended with 0. Raises ServiceFailed, DeadlineExceeded."""
    since, pause = mesh.clock.monotonic(), FIRST_PAUSE_S
    while True:
        container = await lookout.container(instance, since)
        if container.state in (ContainerState.EXITED, ContainerState.DEAD):
            if container.exit_code == 0:
                return
            raise await _failed(mesh, spec, container, f"{instance} {exit_words(container)}")
        if mesh.clock.monotonic() >= deadline:
            raise await _too_late(mesh, spec, container, "it still runs")
        await mesh.clock.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


async def wait_registered(mesh: Mesh, lookout: Lookout, service: str, instance: str, deadline: float) -> None:
    """Return when the registry lists the instance as passing. Raises DeadlineExceeded, RegistryUnavailable."""
    since, seen = mesh.clock.monotonic(), "not registered"
    while True:
        with suppress(RegistryUnavailable):
            found = await lookout.registration(instance, since)
            if found is not None and found.status is CheckStatus.PASSING:
                return
            seen = "not registered" if found is None else f"{found.status}: {found.output}".rstrip(": ")
        if mesh.clock.monotonic() >= deadline:
            raise DeadlineExceeded(
                f"{instance} answers, but {mesh.config.registry} does not list it as passing ({seen})",
                hint=f"meshctl logs {service} {mesh.config.registry}",
            )
        await mesh.clock.sleep(LONGEST_PAUSE_S / 2)


async def _fail_if_over(mesh: Mesh, spec: ServiceSpec, container: Container, deaths: int) -> None:
    ended = container.state in (ContainerState.EXITED, ContainerState.DEAD)
    if ended and spec.restart in (RestartPolicy.NO, RestartPolicy.ON_FAILURE):
        raise await _failed(mesh, spec, container, f"{container.instance_id} {exit_words(container)}")
    if deaths >= DEATHS:
        words = f"{container.instance_id} died {deaths} times while starting"
        last = exit_words(container)
        raise await _failed(mesh, spec, container, f"{words} ({last})" if last else words)


async def _failed(mesh: Mesh, spec: ServiceSpec, container: Container, message: str) -> ServiceFailed:
    return ServiceFailed(
        message,
        service=spec.name,
        hint=f"meshctl logs {spec.name}",
        log=await last_lines(mesh, container),
        exit_status=container.exit_code,
        oom_killed=container.oom_killed,
    )


async def _too_late(mesh: Mesh, spec: ServiceSpec, container: Container, detail: str) -> DeadlineExceeded:
    lines = await last_lines(mesh, container)
    said = f"; its last line: {lines[-1]}" if lines else ""
    return DeadlineExceeded(
        f"{container.instance_id} is not ready: {detail or 'no answer'}{said}",
        hint=f"meshctl logs {spec.name}; more time: --timeout",
    )


async def last_lines(mesh: Mesh, container: Container) -> tuple[str, ...]:
    """The end of the container's output, () if it cannot be had."""
    lines: list[str] = []
    with suppress(MeshError):
        async for line in mesh.containers.logs(container, since=None, tail=LOG_LINES, follow=False):
            lines.append(line.text)
    return tuple(lines[-LOG_LINES:])
