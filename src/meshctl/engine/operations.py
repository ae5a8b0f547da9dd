"""What each kind of operation is: one engine call, or one wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.readiness import Wait, wait_exit, wait_ready, wait_registered
from meshctl.errors import ImageUnavailable, NotFound
from meshctl.model.plan import Operation, OperationKind

#: The grace of an instance whose service is no longer in the file, seconds.
STRANGER_GRACE_S = 10.0


class Tell(Protocol):
    """Hears how far it is; ``fraction`` 0..1 or None."""

    def __call__(self, message: str, fraction: float | None = None) -> None: ...


class Calls:
    """Carries single operations out. It knows the ids of the containers it made."""

    def __init__(self, mesh: Mesh, sight: ObservationCache, project: str, deadline: float) -> None:
        self._mesh = mesh
        self._engine = mesh.runtime
        self._sight = sight
        self._project = project
        self._deadline = deadline
        self._ids: dict[str, str] = {}
        self._started: set[str] = set()

    async def change(self, operation: Operation, tell: Tell) -> None:
        """Raises OperationFailed, ImageUnavailable, RuntimeUnavailable."""
        try:
            await _CHANGES[operation.kind](self, operation, tell)
        finally:
            self._sight.changed(operation.target)

    async def wait(self, operation: Operation, tell: Tell) -> None:
        """Raises ServiceFailed, DeadlineExceeded, RuntimeUnavailable."""
        fresh = operation.target in self._started
        wait = Wait(self._mesh, self._sight, operation.target, self._deadline, fresh, tell)
        if operation.kind is OperationKind.WAIT_REGISTERED:
            await wait_registered(wait, operation.service)
            return
        assert operation.spec is not None
        await (wait_exit if operation.kind is OperationKind.WAIT_EXIT else wait_ready)(wait, operation.spec)

    def _id(self, operation: Operation) -> str:
        return operation.container_id or self._ids[operation.target]

    async def _create_network(self, operation: Operation, tell: Tell) -> None:
        await self._engine.create_network(self._project, operation.target)

    async def _remove_network(self, operation: Operation, tell: Tell) -> None:
        await self._engine.remove_network(operation.target)

    async def _create_volume(self, operation: Operation, tell: Tell) -> None:
        await self._engine.create_volume(self._project, operation.target)

    async def _remove_volume(self, operation: Operation, tell: Tell) -> None:
        await self._engine.remove_volume(operation.target)

    async def _pull(self, operation: Operation, tell: Tell) -> None:
        await self._engine.pull_image(operation.target, tell)

    async def _build(self, operation: Operation, tell: Tell) -> None:
        assert operation.spec is not None and operation.spec.build is not None
        await self._engine.build_image(operation.spec.build, operation.target, tell)

    async def _pull_or_build(self, operation: Operation, tell: Tell) -> None:
        try:
            await self._pull(operation, tell)
        except ImageUnavailable:
            tell("it cannot be pulled, so it is built")
            await self._build(operation, tell)

    async def _create(self, operation: Operation, tell: Tell) -> None:
        assert operation.request is not None
        self._ids[operation.target] = await self._engine.create_container(operation.request)

    async def _start(self, operation: Operation, tell: Tell) -> None:
        await self._engine.start_container(self._id(operation))
        self._started.add(operation.target)

    async def _stop(self, operation: Operation, tell: Tell) -> None:
        grace = operation.spec.stop_grace_s if operation.spec else STRANGER_GRACE_S
        with suppress(NotFound):
            await self._engine.stop_container(self._id(operation), grace)

    async def _pause(self, operation: Operation, tell: Tell) -> None:
        await self._engine.pause_container(self._id(operation))

    async def _unpause(self, operation: Operation, tell: Tell) -> None:
        await self._engine.unpause_container(self._id(operation))

    async def _remove(self, operation: Operation, tell: Tell) -> None:
        await self._engine.remove_container(self._id(operation))


_Change = Callable[[Calls, Operation, Tell], Awaitable[None]]
_CHANGES: dict[OperationKind, _Change] = {
    OperationKind.CREATE_NETWORK: Calls._create_network,
    OperationKind.REMOVE_NETWORK: Calls._remove_network,
    OperationKind.CREATE_VOLUME: Calls._create_volume,
    OperationKind.REMOVE_VOLUME: Calls._remove_volume,
    OperationKind.PULL: Calls._pull,
    OperationKind.BUILD: Calls._build,
    OperationKind.PULL_OR_BUILD: Calls._pull_or_build,
    OperationKind.CREATE: Calls._create,
    OperationKind.START: Calls._start,
    OperationKind.STOP: Calls._stop,
    OperationKind.PAUSE: Calls._pause,
    OperationKind.UNPAUSE: Calls._unpause,
    OperationKind.REMOVE: Calls._remove,
}
