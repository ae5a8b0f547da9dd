"""Carries plans out within one time, and ends with the survey that decides whether all is ready."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.core.health.service import READY
from meshctl.core.plan.reconcile import wait_plan
from meshctl.engine.executor import Executor, Outcome, failure_of
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.survey import ASK_TIMEOUT_S, survey_of
from meshctl.errors import DeadlineExceeded, MeshError
from meshctl.model.findings import Survey
from meshctl.model.plan import Failure, Operation, OperationKind, Plan
from meshctl.model.status import Health
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink

#: Between two surveys, so that one who is ready and not ready in turn is not asked without a break.
_PAUSE_S = 0.2


class Change:
    """What was done so far of a change, and how it went. ``services`` are those it is about, () for all."""

    def __init__(self, mesh: Mesh, sink: ProgressSink, timeout_s: float, services: Sequence[str] = ()) -> None:
        self.done: list[tuple[Plan, Outcome]] = []
        self.survey: Survey | None = None
        self._mesh = mesh
        self._sink = sink
        self._timeout_s = timeout_s
        self._services = services
        self._started = mesh.clock.monotonic()
        self._failures: list[tuple[Failure, MeshError]] = []

    @property
    def elapsed_s(self) -> float:
        return self._mesh.clock.monotonic() - self._started

    @property
    def failed(self) -> bool:
        return bool(self._failures)

    @property
    def skipped(self) -> tuple[str, ...]:
        return tuple(target for _, outcome in self.done for target in outcome.skipped)

    def failures(self, plan: Plan) -> list[tuple[Failure, MeshError]]:
        """What failed and is ready by now is forgiven, if nothing was left out because of it."""
        waits = {operation.target for operation in plan.operations if operation.is_wait}
        ready = not self.skipped and not self._unready(plan)
        return [] if ready and all(failure.instance in waits for failure, _ in self._failures) else self._failures

    async def carry_out(self, plan: Plan, cache: ObservationCache | None = None) -> None:
        outcome = await Executor(self._mesh, plan, self._sink, self._left_s, cache=cache).run()
        self.done.append((plan, outcome))
        self._failures += zip(outcome.failures, outcome.errors, strict=True)

    async def settle(self, plan: Plan, cache: ObservationCache) -> None:
        """Survey, and wait for what is not ready any more, until all is ready or one of it is given up."""
        can = capabilities(self._mesh.runtime)
        while await self.look(cache) and (unready := self._unready(plan)) and not self._failures:
            if self._left_s <= 0:
                self._failures += [_given_up(operation) for operation in unready.values()]
                return
            await self._mesh.clock.sleep(_PAUSE_S)
            await self.carry_out(wait_plan(self._mesh.config, await cache.observed(), unready, can), cache)

    async def look(self, cache: ObservationCache) -> bool:
        """Whether the survey could be taken. A check that fails is asked twice: each may use half of what is left."""
        limit_s = ASK_TIMEOUT_S if self._failures else max(ASK_TIMEOUT_S, self._left_s / 2)
        try:
            self.survey = await survey_of(self._mesh, cache, self._services, limit_s=limit_s)
        except MeshError as error:
            if not self._failures:
                self._failures.append((Failure("", self._mesh.config.name, str(error), error.hint), error))
            return False
        return True

    def _unready(self, plan: Plan) -> dict[str, Operation]:
        """What the plan waits for and the survey does not find ready."""
        statuses = self.survey.services if self.survey is not None else ()
        health = {one.id: one.health for status in statuses for one in status.instances}
        wanted = {OperationKind.WAIT_READY: READY, OperationKind.WAIT_EXIT: (Health.DONE,)}
        waits = (operation for operation in plan.operations if operation.kind in wanted)
        return {wait.target: wait for wait in waits if health.get(wait.target) not in wanted[wait.kind]}

    @property
    def _left_s(self) -> float:
        return self._timeout_s - self.elapsed_s


def _given_up(operation: Operation) -> tuple[Failure, MeshError]:
    error = DeadlineExceeded(
        f"{operation.target} was ready, but is not any more, and no time is left",
        hint=f"meshctl logs {operation.service}; more time: --timeout",
    )
    return failure_of(operation, error), error
