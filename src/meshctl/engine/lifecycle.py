"""Start, stop, restart, pause, unpause and scale what exists.

Each returns when it is so, or raises the first thing that went wrong: UsageError, ServiceFailed,
DeadlineExceeded, OperationFailed, RuntimeUnavailable. No service named means all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from meshctl.core.plan.selection import require_known
from meshctl.core.plan.verbs import pause_plan, restart_plan, start_plan, stop_plan, unpause_plan
from meshctl.engine.executor import Executor
from meshctl.engine.mesh import Mesh
from meshctl.engine.up import UpOptions, UpReport, up
from meshctl.errors import MeshError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import ContainerState, Observed
from meshctl.model.plan import Plan
from meshctl.ports.world import ProgressSink

TIMEOUT_S = 120.0

_Planner = Callable[[MeshConfig, Observed, Sequence[str]], Plan]


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
    observed = await mesh.runtime.observe(mesh.config.name)
    mine = (c for c in observed.containers if c.service == service and instance in (None, c.instance))
    running = [container for container in mine if container.state is ContainerState.RUNNING]
    if not running:
        which = f"{service}-{instance}" if instance else service
        raise MeshError(f"{which} does not run", hint=f"meshctl start {service}")
    return await mesh.runtime.exec_attached(running[0].id, command, tty=tty)


async def _run(mesh: Mesh, planner: _Planner, services: Sequence[str], sink: ProgressSink, timeout_s: float) -> None:
    observed = await mesh.runtime.observe(mesh.config.name)
    plan = planner(mesh.config, observed, services)
    (await Executor(mesh, plan, sink, timeout_s, observed).run()).raise_first()
