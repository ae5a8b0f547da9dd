"""Carries a plan out: the order is the plan's, the calls are the runtime's, and it decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.operations import Operations
from meshctl.errors import (
    BuildFailed,
    DeadlineExceeded,
    ImageUnavailable,
    MeshError,
    NotFound,
    PortInUse,
    ServiceFailed,
)
from meshctl.model.containers import Observed
from meshctl.model.plan import Failure, Operation, Plan, Ran
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.ports.world import Clock, ProgressSink

#: Calls of the runtime under way at once; waits do not count.
AT_ONCE = 4

_FAILURES: tuple[tuple[type[MeshError], str], ...] = (
    (ServiceFailed, "not ready"),
    (PortInUse, "port in use"),
    (DeadlineExceeded, "timed out"),
    (BuildFailed, "build failed"),
    (ImageUnavailable, "no image"),
    (NotFound, "gone"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: seconds of the operations that were done, and why others were not.

    ``failures`` come in the order they happened, the first cause first; ``skipped`` are targets that were
    not begun because of one of them; each failure has its error. ``ran`` has what was begun, in the order it ended.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    ran: tuple[Ran, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    errors: tuple[MeshError, ...] = ()

    @property
    def error(self) -> MeshError | None:
        """The first one."""
        return self.errors[0] if self.errors else None

    @property
    def took(self) -> dict[str, float]:
        """Seconds of all that was begun, also of what failed."""
        return {ran.operation.id: ran.seconds for ran in self.ran}

    def raise_first(self) -> None:
        """Raises the first error, if there is one."""
        if self.error is not None:
            raise self.error


class Executor:
    """One run of one plan within ``timeout_s``; ``observed`` is what the plan was made from, ``cache`` a caller's own.

    Cancelling ``run`` cancels what is under way and leaves what was made, for the next run to go on from.
    """

    def __init__(
        self,
        mesh: Mesh,
        plan: Plan,
        sink: ProgressSink,
        timeout_s: float,
        observed: Observed | None = None,
        cache: ObservationCache | None = None,
    ) -> None:
        self._clock = mesh.clock
        self._plan = plan
        self._sink = sink
        self._deadline = mesh.clock.monotonic() + timeout_s
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._cache = cache or ObservationCache(mesh, observed)
        self._close = self._cache.close if cache is None else None
        self._operations = Operations(mesh, self._cache, plan.project, self._deadline)
        self._tasks: dict[str, asyncio.Task[str]] = {}
        self._seconds: dict[str, float] = {}
        self._ran: list[Ran] = []
        self._failures: list[Failure] = []
        self._errors: list[MeshError] = []
        self._skipped: dict[str, None] = {}

    async def run(self) -> Outcome:
        """Never raises for an operation that failed; what needs it is skipped and the rest is finished."""
        for operation in self._plan.operations:
            self._tasks[operation.id] = asyncio.create_task(self._in_turn(operation))
        try:
            await asyncio.gather(*self._tasks.values())
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            if self._close is not None:
                await self._close()
        return Outcome(
            dict(self._seconds),
            tuple(self._ran),
            tuple(self._failures),
            tuple(self._skipped),
            tuple(self._errors),
        )

    async def _in_turn(self, operation: Operation) -> str:
        """'' when it was done, else the target whose failure was the first cause."""
        await self._over(operation.follows)
        causes = [cause for cause in await self._over(operation.after) if cause]
        if causes:
            self._skipped[operation.target] = None
            self._tell(operation, Phase.SKIPPED, f"{causes[0]} failed")
            return causes[0]
        slot: AbstractAsyncContextManager[None] = nullcontext() if operation.is_wait else self._slots
        async with slot:
            return await self._attempt(operation)

    async def _over(self, ids: Sequence[str]) -> list[str]:
        """The results of operations, once they are over."""
        tasks = [self._tasks[name] for name in ids]
        if tasks:
            await asyncio.wait(tasks)
        return [task.result() for task in tasks]

    async def _attempt(self, operation: Operation) -> str:
        began, started = self._clock.now(), self._clock.monotonic()
        self._tell(operation, Phase.STARTED, operation.cause)
        try:
            await self._carry_out(operation)
        except MeshError as error:
            self._errors.append(error)
            self._failures.append(failure_of(operation, error))
            elapsed_s = self._clock.monotonic() - started
            self._ran.append(Ran(operation, began, elapsed_s, str(error)))
            self._tell(operation, Phase.FAILED, str(error), elapsed_s=elapsed_s)
            return operation.target
        self._seconds[operation.id] = self._clock.monotonic() - started
        self._ran.append(Ran(operation, began, self._seconds[operation.id]))
        self._tell(operation, Phase.DONE, "", elapsed_s=self._seconds[operation.id])
        return ""

    async def _carry_out(self, operation: Operation) -> None:
        def tell(message: str, fraction: float | None = None) -> None:
            self._tell(operation, Phase.PROGRESS, message, fraction=fraction)

        if operation.is_wait:
            await self._operations.carry_out(operation, tell)
            return
        what = f"{operation.kind.value} {operation.target}"
        if self._clock.monotonic() >= self._deadline:
            raise DeadlineExceeded(f"no time was left to {what}", hint="Give more: --timeout")
        if not await in_time(self._clock, self._deadline, self._operations.carry_out(operation, tell)):
            raise DeadlineExceeded(f"{what} took too long", hint="Give more time: --timeout")

    def _tell(self, operation: Operation, phase: Phase, message: str, **more: Any) -> None:
        event = ProgressEvent(operation.kind.value, operation.target, phase, operation.service, message, **more)
        self._sink.emit(event)


async def in_time(clock: Clock, deadline: float, work: Coroutine[Any, Any, None]) -> bool:
    """Whether it ended before the deadline; it is cancelled if not. Raises what it raises."""
    working = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(deadline - clock.monotonic()))
    try:
        await asyncio.wait((working, timer), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        working.cancel()
        timer.cancel()
        await asyncio.gather(working, timer, return_exceptions=True)


def failure_of(operation: Operation, error: MeshError) -> Failure:
    """The evidence of one failed operation."""
    log: tuple[str, ...] = error.log if isinstance(error, ServiceFailed | BuildFailed | ImageUnavailable) else ()
    died = error if isinstance(error, ServiceFailed) else None
    return Failure(
        service=operation.service,
        instance=operation.target,
        message=str(error),
        hint=error.hint,
        exit_code=died.exit_status if died else None,
        oom_killed=died is not None and died.oom_killed,
        log=log,
        kind=next((word for kind, word in _FAILURES if isinstance(error, kind)), "failed"),
    )
