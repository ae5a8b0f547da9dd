"""Start, stop, restart, pause, unpause, scale and remove what exists.

Each returns when it is so, or raises the first thing that went wrong: UsageError, ServiceFailed,
DeadlineExceeded, OperationFailed, RuntimeUnavailable. No service named means all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from meshctl.core.plan.selection import require_known
from meshctl.core.plan.verbs import down_plan, pause_plan, restart_plan, start_plan, stop_plan, unpause_plan
from meshctl.engine.executor import Executor
from meshctl.engine.mesh import Mesh
from meshctl.engine.up import UpOptions, up
from meshctl.errors import MeshError, UsageError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Capability, ContainerState, Observed
from meshctl.model.plan import Failure, OperationKind, Plan, UpReport
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink

TIMEOUT_S = 120.0

_Planner = Callable[[MeshConfig, Observed, Sequence[str], frozenset[Capability]], Plan]


@dataclass(frozen=True, slots=True)
class DownReport:
    """How many things were removed, and what could not be; ``error`` is the first one, for its exit code."""

    project: str
    removed: int
    elapsed_ms: float
    failures: tuple[Failure, ...] = ()
    error: MeshError | None = None


async def start(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Start the instances that exist and wait until they are ready; others are left alone."""
    await _run(mesh, start_plan, services, sink, timeout_s)


async def stop(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Stop what runs; what depends on it is left alone."""
    await _run(mesh, stop_plan, services, sink, timeout_s)


async def restart(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Stop, start and wait until ready; the instances of one service one after the other."""
    await _run(mesh, restart_plan, services, sink, timeout_s)


async def pause(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Freeze what runs."""
    await _run(mesh, pause_plan, services, sink, timeout_s)


async def unpause(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Let what is paused run on."""
    await _run(mesh, unpause_plan, services, sink, timeout_s)


async def scale(mesh: Mesh, counts: Mapping[str, int], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> UpReport:
    """Make it so many instances a service, with what they need, and wait until they are ready.

    What exists is not recreated, even if the file has changed.
    """
    options = UpOptions(tuple(counts), timeout_s=timeout_s, scale=counts, keep=True)
    report = await up(mesh, options, sink)
    if report.error is not None:
        raise report.error
    return report


async def exec_attached(
    mesh: Mesh, service: str, command: Sequence[str], *, instance: int | None = None, tty: bool = False
) -> int:
    """Run a command in the first instance that runs, or in that one, with this process's streams; its exit code."""
    require_known(mesh.config, (service,))
    inside = mesh.runtime.exec
    if inside is None:
        raise UsageError("this runtime runs no commands inside of instances")
    found = await mesh.runtime.find(mesh.config.name, service)
    running = [c for c in found if c.state is ContainerState.RUNNING and instance in (None, c.instance)]
    if not running:
        which = f"{service}-{instance}" if instance else service
        raise MeshError(f"{which} does not run", hint=f"meshctl start {service}")
    return await inside.attach(running[0].id, command, tty=tty)


async def down(mesh: Mesh, *, volumes: bool, timeout_s: float, sink: ProgressSink) -> DownReport:
    """Stop and remove containers, dependents first, then networks, then volumes if asked. Repeatable.

    It goes by the project's label: also what an older file had goes, and nothing of other projects.
    ``timeout_s`` is for the whole run; each container has the grace of its service to stop. Raises
    RuntimeUnavailable.
    """
    started = mesh.clock.monotonic()
    observed = await mesh.runtime.observe(mesh.config.name)
    plan = down_plan(mesh.config, observed, volumes=volumes, can=capabilities(mesh.runtime))
    outcome = await Executor(mesh, plan, sink, timeout_s, observed).run()
    stops = {operation.id for operation in plan.operations if operation.kind is OperationKind.STOP}
    removed = len(set(outcome.seconds) - stops)
    elapsed = (mesh.clock.monotonic() - started) * 1000
    return DownReport(mesh.config.name, removed, elapsed, outcome.failures, outcome.error)


async def _run(mesh: Mesh, planner: _Planner, services: Sequence[str], sink: ProgressSink, timeout_s: float) -> None:
    observed = await mesh.runtime.observe(mesh.config.name)
    plan = planner(mesh.config, observed, services, capabilities(mesh.runtime))
    (await Executor(mesh, plan, sink, timeout_s, observed).run()).raise_first()
