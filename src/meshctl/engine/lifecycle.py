"""Start, stop, restart, pause, unpause and scale what exists.

Each returns when it is so, or raises the first thing that went wrong: UsageError, ServiceFailed,
DeadlineExceeded, EngineError, EngineUnavailable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshctl.core.plan.selection import require_known
from meshctl.engine.executor import Executor
from meshctl.engine.mesh import Mesh
from meshctl.engine.up import UpOptions, UpReport, up
from meshctl.errors import UsageError
from meshctl.model.config import ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.plan import Operation, OperationKind, Plan
from meshctl.ports import ProgressSink

TIMEOUT_S = 120.0

_ALIVE = (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED)


async def start(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Start the instances that exist and wait until they are ready. Raises UsageError if there are none."""
    chosen = await _instances(mesh, services)
    operations: list[Operation] = []
    for container in chosen:
        if container.state is not ContainerState.RUNNING:
            paused = container.state is ContainerState.PAUSED
            operations.append(_do(mesh, container, OperationKind.UNPAUSE if paused else OperationKind.START))
    await _run(mesh, [*operations, *_readiness(mesh, chosen, operations)], sink, timeout_s)


async def stop(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Stop what runs; what depends on it is left alone."""
    chosen = [c for c in await _instances(mesh, services) if c.state in _ALIVE]
    await _run(mesh, [_do(mesh, c, OperationKind.STOP) for c in chosen], sink, timeout_s)


async def restart(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Stop, start and wait until ready, instance by instance of each service."""
    chosen = await _instances(mesh, services)
    operations: list[Operation] = []
    for container in chosen:
        stopped = _do(mesh, container, OperationKind.STOP)
        alive = container.state in _ALIVE
        operations += [stopped] if alive else []
        after = (stopped.id,) if alive else ()
        operations.append(_do(mesh, container, OperationKind.START, after))
    starts = [operation for operation in operations if operation.kind is OperationKind.START]
    await _run(mesh, [*operations, *_readiness(mesh, chosen, starts)], sink, timeout_s)


async def pause(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Freeze what runs."""
    chosen = [c for c in await _instances(mesh, services) if c.state is ContainerState.RUNNING]
    await _run(mesh, [_do(mesh, c, OperationKind.PAUSE) for c in chosen], sink, timeout_s)


async def unpause(mesh: Mesh, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
    """Let what is paused run on."""
    chosen = [c for c in await _instances(mesh, services) if c.state is ContainerState.PAUSED]
    await _run(mesh, [_do(mesh, c, OperationKind.UNPAUSE) for c in chosen], sink, timeout_s)


async def scale(mesh: Mesh, counts: Mapping[str, int], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> UpReport:
    """Make it so many instances a service, and wait until they are ready. Raises UsageError."""
    for service, count in counts.items():
        require_known(mesh.config, (service,))
        if count < 0:
            raise UsageError(f"{service} cannot have {count} instances", hint="Give 0 or more.")
        fixed = [port for port in mesh.config.services[service].ports if port.published]
        if count > 1 and fixed:
            raise UsageError(
                f"{service} publishes the fixed port {fixed[0].published}, which only one instance can have",
                hint="Take `published` out of its port, then each instance gets a free one.",
            )
    options = UpOptions(tuple(counts), timeout_s=timeout_s, scale=counts)
    report = await up(mesh, options, sink)
    if report.error is not None:
        raise report.error
    return report


async def _instances(mesh: Mesh, services: Sequence[str]) -> list[Container]:
    """Containers of the services, of all when none is named. Raises UsageError, also when nothing exists."""
    require_known(mesh.config, services)
    observed = await mesh.containers.observe(mesh.config.name)
    for name in services:
        if not any(container.service == name for container in observed.containers):
            raise UsageError(f"{name} has no container", hint=f"meshctl up {name}")
    chosen = [c for c in observed.containers if not services or c.service in services]
    if not chosen:
        raise UsageError(f"nothing of {mesh.config.name} exists", hint="meshctl up")
    return chosen


def _do(mesh: Mesh, container: Container, kind: OperationKind, after: tuple[str, ...] = ()) -> Operation:
    target = container.instance_id
    spec = mesh.config.services.get(container.service)
    return Operation(
        f"{kind.value}:{target}", kind, target, container.service, "asked for", after, container.id, spec=spec
    )


def _readiness(mesh: Mesh, chosen: Sequence[Container], starts: Sequence[Operation]) -> list[Operation]:
    """Waits for what was started: ready, then listed where it registers."""
    ids = {operation.target: operation.id for operation in starts}
    waits: list[Operation] = []
    for container in chosen:
        spec: ServiceSpec | None = mesh.config.services.get(container.service)
        target = container.instance_id
        if spec is None:
            continue
        after = (ids[target],) if target in ids else ()
        ready = f"ready:{target}"
        waits.append(Operation(ready, OperationKind.WAIT_READY, target, spec.name, "", after, container.id, spec=spec))
        if spec.mesh.register and mesh.config.registry:
            name = f"registered:{target}"
            waits.append(Operation(name, OperationKind.WAIT_REGISTERED, target, spec.name, "", (ready,), container.id))
    return waits


async def _run(mesh: Mesh, operations: Sequence[Operation], sink: ProgressSink, timeout_s: float) -> None:
    outcome = await Executor(mesh, Plan(mesh.config.name, tuple(operations)), sink, timeout_s).run()
    if outcome.error is not None:
        raise outcome.error
