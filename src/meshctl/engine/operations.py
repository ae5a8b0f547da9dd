"""What each kind of operation is: one call of the runtime, or one wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.readiness import Wait, wait_exit, wait_ready, wait_registered
from meshctl.errors import ImageUnavailable, NotFound
from meshctl.model.config import ServiceSpec
from meshctl.model.journal import Deed
from meshctl.model.plan import Operation, OperationKind
from meshctl.ports.runtime import Runtime

#: The grace of an instance whose service is no longer in the file, seconds.
STRANGER_GRACE_S = 10.0

#: What the journal is told of an operation that was done.
_DEEDS = {
    OperationKind.CREATE: Deed.CREATED,
    OperationKind.START: Deed.STARTED,
    OperationKind.STOP: Deed.STOPPED,
    OperationKind.REMOVE: Deed.REMOVED,
    OperationKind.PAUSE: Deed.PAUSED,
    OperationKind.UNPAUSE: Deed.UNPAUSED,
}

_T = TypeVar("_T")


class Tell(Protocol):
    """Hears how far it is; ``fraction`` 0..1 or None."""

    def __call__(self, message: str, fraction: float | None = None) -> None: ...


@dataclass(slots=True)
class Operations:
    """Carries single operations out, waits until ``deadline`` (monotonic), and knows what it has made and started."""

    mesh: Mesh
    cache: ObservationCache
    project: str
    deadline: float
    ids: dict[str, str] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)

    async def carry_out(self, operation: Operation, tell: Tell) -> None:
        """Raises OperationFailed, ConfigError (build), ServiceFailed, DeadlineExceeded, EnvironmentMissing."""
        try:
            await _CALLS[operation.kind](_Call(self, operation, tell))
        finally:
            if not operation.is_wait:
                self.cache.changed(operation.target)
        if deed := _DEEDS.get(operation.kind):
            container_id = operation.container_id or self.ids.get(operation.target, "")
            self.mesh.journal.note(deed, operation.service, operation.target, container_id, cause=operation.cause)


@dataclass(frozen=True, slots=True)
class _Call:
    """One operation, with what its call takes."""

    run: Operations
    operation: Operation
    tell: Tell

    @property
    def runtime(self) -> Runtime:
        return self.run.mesh.runtime

    @property
    def target(self) -> str:
        return self.operation.target

    @property
    def instance(self) -> str:
        """The id of one that was there before, or that this run has created."""
        return self.operation.container_id or self.run.ids[self.target]

    @property
    def spec(self) -> ServiceSpec:
        return _given(self.operation.spec)

    @property
    def wait(self) -> Wait:
        run = self.run
        return Wait(run.mesh, run.cache, self.target, run.deadline, self.target in run.started, self.tell)


async def _build(call: _Call) -> None:
    await _given(call.runtime.images).build(_given(call.spec.build), call.target, call.tell)


async def _pull_or_build(call: _Call) -> None:
    try:
        await _given(call.runtime.images).pull(call.target, call.tell)
    except ImageUnavailable:
        call.tell("it cannot be pulled, so it is built")
        await _build(call)


async def _create(call: _Call) -> None:
    call.run.ids[call.target] = await call.runtime.instances.create(_given(call.operation.request))


async def _start(call: _Call) -> None:
    with _meanwhile(call):
        await call.runtime.instances.start(call.instance)
    call.run.started.add(call.target)


async def _pause(call: _Call) -> None:
    with _meanwhile(call):
        await _given(call.runtime.pausing).pause(call.instance)


async def _unpause(call: _Call) -> None:
    with _meanwhile(call):
        await _given(call.runtime.pausing).unpause(call.instance)


@contextmanager
def _meanwhile(call: _Call) -> Iterator[None]:
    """The plan saw the instance, or this run has made it: that it is gone is somebody else's doing."""
    try:
        yield
    except NotFound as error:
        raise NotFound(
            f"{call.target} was removed by somebody else meanwhile", hint="Run the command again."
        ) from error


async def _stop(call: _Call) -> None:
    grace = call.operation.spec.stop_grace_s if call.operation.spec else STRANGER_GRACE_S
    with suppress(NotFound):
        await call.runtime.instances.stop(call.instance, grace)


def _given(part: _T | None) -> _T:
    """What every plan gives: it holds only operations that its runtime has, each with what it needs."""
    assert part is not None
    return part


_CALLS: dict[OperationKind, Callable[[_Call], Awaitable[object]]] = {
    OperationKind.CREATE_NETWORK: lambda call: _given(call.runtime.networks).create(call.run.project, call.target),
    OperationKind.MERGE_NETWORK: lambda call: _given(call.runtime.networks).create(call.run.project, call.target),
    OperationKind.REMOVE_NETWORK: lambda call: _given(call.runtime.networks).remove(call.target),
    OperationKind.CREATE_VOLUME: lambda call: _given(call.runtime.volumes).create(call.run.project, call.target),
    OperationKind.REMOVE_VOLUME: lambda call: _given(call.runtime.volumes).remove(call.target),
    OperationKind.PULL: lambda call: _given(call.runtime.images).pull(call.target, call.tell),
    OperationKind.BUILD: _build,
    OperationKind.PULL_OR_BUILD: _pull_or_build,
    OperationKind.CREATE: _create,
    OperationKind.START: _start,
    OperationKind.STOP: _stop,
    OperationKind.REMOVE: lambda call: call.runtime.instances.remove(call.instance),
    OperationKind.PAUSE: _pause,
    OperationKind.UNPAUSE: _unpause,
    OperationKind.WAIT_READY: lambda call: wait_ready(call.wait, call.spec),
    OperationKind.WAIT_EXIT: lambda call: wait_exit(call.wait, call.spec),
    OperationKind.WAIT_REGISTERED: lambda call: wait_registered(call.wait, call.operation.service),
}
