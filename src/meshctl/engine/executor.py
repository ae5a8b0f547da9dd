"""Carries a plan out: the order is the plan's, the calls are the engine's, and it decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from meshctl.engine.lookout import Lookout
from meshctl.engine.mesh import Mesh
from meshctl.engine.readiness import wait_exit, wait_ready, wait_registered
from meshctl.errors import DeadlineExceeded, ImageUnavailable, MeshError, NotFound, PortInUse, ServiceFailed
from meshctl.model.plan import Failure, Operation, OperationKind, Plan
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.ports import ProgressSink

#: Engine calls under way at once; waits do not count.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each operation: seconds of those that were done, and why others were not."""

    seconds: dict[str, float] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    timed_out: bool = False
    error: MeshError | None = None


class Executor:
    """One run of one plan. Cancelling ``run`` cancels what is under way and leaves what was made."""

    def __init__(self, mesh: Mesh, plan: Plan, sink: ProgressSink, timeout_s: float) -> None:
        self._mesh = mesh
        self._lookout = Lookout(mesh)
        self._plan = plan
        self._sink = sink
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._ids: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._failures: dict[str, Failure] = {}
        self._errors: list[MeshError] = []
        self._skipped: list[str] = []
        self._timed_out = False

    async def run(self) -> Outcome:
        """Never raises for an operation that failed; its dependents are skipped and others finish."""
        deadline = self._mesh.clock.monotonic() + self._timeout_s
        tasks: dict[str, asyncio.Task[bool]] = {}
        for operation in self._plan.operations:
            before = [tasks[name] for name in operation.after]
            tasks[operation.id] = asyncio.create_task(self._after(operation, before, deadline))
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return Outcome(
            dict(self._seconds),
            tuple(self._failures.values()),
            tuple(self._skipped),
            self._timed_out,
            self._errors[0] if self._errors else None,
        )

    async def _after(self, operation: Operation, before: list[asyncio.Task[bool]], deadline: float) -> bool:
        results = await asyncio.gather(*before)
        if not all(results):
            self._skipped.append(operation.id)
            self._tell(operation, Phase.SKIPPED, "what it needs failed")
            return False
        if operation.is_wait:
            return await self._attempt(operation, deadline)
        async with self._slots:
            return await self._attempt(operation, deadline)

    async def _attempt(self, operation: Operation, deadline: float) -> bool:
        clock = self._mesh.clock
        started = clock.monotonic()
        self._tell(operation, Phase.STARTED, operation.cause)
        try:
            await _DO[operation.kind](self, operation, deadline)
        except MeshError as error:
            self._failed(operation, error, clock.monotonic() - started)
            return False
        self._seconds[operation.id] = clock.monotonic() - started
        self._tell(operation, Phase.DONE, "", elapsed=self._seconds[operation.id])
        return True

    def _failed(self, operation: Operation, error: MeshError, elapsed: float) -> None:
        self._errors.append(error)
        self._timed_out = self._timed_out or isinstance(error, DeadlineExceeded)
        self._failures[operation.id] = failure_of(operation, error)
        self._tell(operation, Phase.FAILED, str(error), elapsed=elapsed)

    def _tell(self, operation: Operation, phase: Phase, message: str, *, elapsed: float = 0.0) -> None:
        self._sink.emit(
            ProgressEvent(
                operation.kind.value,
                operation.target,
                phase,
                operation.service,
                message,
                elapsed_s=elapsed,
            )
        )

    # -- one method an operation, one engine call a method

    def _id(self, operation: Operation) -> str:
        return operation.container_id or self._ids[operation.target]

    async def _network(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.create_network(self._plan.project, operation.target)

    async def _volume(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.create_volume(self._plan.project, operation.target)

    async def _pull(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.pull_image(operation.target, self._progress(operation))

    async def _build(self, operation: Operation, deadline: float) -> None:
        spec = operation.spec
        assert spec is not None and spec.build is not None
        await self._mesh.containers.build_image(spec.build, operation.target, self._progress(operation))

    async def _pull_or_build(self, operation: Operation, deadline: float) -> None:
        try:
            await self._pull(operation, deadline)
        except ImageUnavailable as error:
            self._tell(operation, Phase.PROGRESS, f"{error}; building it")
            await self._build(operation, deadline)

    async def _create(self, operation: Operation, deadline: float) -> None:
        assert operation.request is not None
        self._ids[operation.target] = await self._mesh.containers.create_container(operation.request)

    async def _start(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.start_container(self._id(operation))

    async def _pause(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.pause_container(self._id(operation))

    async def _unpause(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.unpause_container(self._id(operation))

    async def _stop(self, operation: Operation, deadline: float) -> None:
        grace = operation.spec.stop_grace_s if operation.spec else 10.0
        await self._mesh.containers.stop_container(self._id(operation), grace)

    async def _remove(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.remove_container(self._id(operation))

    async def _remove_network(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.remove_network(operation.target)

    async def _remove_volume(self, operation: Operation, deadline: float) -> None:
        await self._mesh.containers.remove_volume(operation.target)

    async def _ready(self, operation: Operation, deadline: float) -> None:
        assert operation.spec is not None
        await wait_ready(self._mesh, self._lookout, operation.spec, operation.target, deadline)

    async def _exit(self, operation: Operation, deadline: float) -> None:
        assert operation.spec is not None
        await wait_exit(self._mesh, self._lookout, operation.spec, operation.target, deadline)

    async def _registered(self, operation: Operation, deadline: float) -> None:
        await wait_registered(self._mesh, self._lookout, operation.service, operation.target, deadline)

    def _progress(self, operation: Operation) -> Callable[[str, float | None], None]:
        def tell(message: str, fraction: float | None) -> None:
            event = ProgressEvent(
                operation.kind.value,
                operation.target,
                Phase.PROGRESS,
                operation.service,
                message,
                fraction,
            )
            self._sink.emit(event)

        return tell


def failure_of(operation: Operation, error: MeshError) -> Failure:
    """The evidence of one failed operation."""
    if isinstance(error, ServiceFailed):
        return Failure(
            error.service or operation.service,
            operation.target,
            str(error),
            error.hint,
            error.exit_status,
            error.oom_killed,
            error.log,
            "not ready",
        )
    kind = "failed"
    if isinstance(error, PortInUse):
        kind = "port in use"
    elif isinstance(error, DeadlineExceeded):
        kind = "timed out"
    elif isinstance(error, ImageUnavailable):
        kind = "no image"
    elif isinstance(error, NotFound):
        kind = "gone"
    log = error.log if isinstance(error, ImageUnavailable) else ()
    return Failure(operation.service, operation.target, str(error), error.hint, log=log, kind=kind)


_Do = Callable[[Executor, Operation, float], Awaitable[None]]
_DO: dict[OperationKind, _Do] = {
    OperationKind.CREATE_NETWORK: Executor._network,
    OperationKind.CREATE_VOLUME: Executor._volume,
    OperationKind.PULL: Executor._pull,
    OperationKind.BUILD: Executor._build,
    OperationKind.PULL_OR_BUILD: Executor._pull_or_build,
    OperationKind.CREATE: Executor._create,
    OperationKind.START: Executor._start,
    OperationKind.PAUSE: Executor._pause,
    OperationKind.UNPAUSE: Executor._unpause,
    OperationKind.STOP: Executor._stop,
    OperationKind.REMOVE: Executor._remove,
    OperationKind.WAIT_READY: Executor._ready,
    OperationKind.WAIT_EXIT: Executor._exit,
    OperationKind.WAIT_REGISTERED: Executor._registered,
    OperationKind.REMOVE_NETWORK: Executor._remove_network,
    OperationKind.REMOVE_VOLUME: Executor._remove_volume,
}
