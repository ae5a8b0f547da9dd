"""Brings a project to what its file says, and returns when all of it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from meshctl.core.health.verdict import READY
from meshctl.core.jobs import is_done
from meshctl.core.plan.reconcile import Wanted, image_plan, reconcile, wait_plan
from meshctl.core.plan.request import image_reference
from meshctl.core.plan.selection import selected
from meshctl.engine.executor import Executor, Outcome, failure_of
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.survey import ASK_TIMEOUT_S, survey_of
from meshctl.engine.up_trace import send_up_trace
from meshctl.errors import DeadlineExceeded, MeshError
from meshctl.model.containers import Observed
from meshctl.model.findings import Survey
from meshctl.model.plan import Failure, Operation, OperationKind, Plan, UpReport
from meshctl.model.status import Health
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink

#: Between two surveys, so that one who is ready and not ready in turn is not asked without a break.
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class UpOptions:
    """``services`` () means all outside profiles; ``timeout_s`` is for the whole run.

    ``keep``, ``share_volumes`` and ``remove_orphans`` as in ``Wanted``.
    """

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    build: bool = False
    timeout_s: float = 300.0
    scale: Mapping[str, int] = field(default_factory=dict)
    keep: bool = False
    share_volumes: bool = False
    remove_orphans: bool = False

    def wanted(self, stopped: frozenset[str] = frozenset()) -> Wanted:
        scale = dict(self.scale)
        return Wanted(self.services, self.profiles, scale, self.keep, self.share_volumes, self.remove_orphans, stopped)

    def title(self, project: str) -> str:
        """What was asked for in few words: ``up shop``, ``up shop orders``, ``scale shop users``."""
        return " ".join(("scale" if self.keep else "up", project, *sorted(self.services)))


async def plan_up(mesh: Mesh, options: UpOptions) -> Plan:
    """What ``up`` would do now; with ``build`` what it would do if no image came out different.

    Raises UsageError, RuntimeUnavailable.
    """
    observed = await _observe(mesh, options)
    plan = _plan(mesh, options, observed, RunMemory(mesh.journal, mesh.clock))
    if not options.build:
        return plan
    builds = image_plan(mesh.config, options.wanted(), capabilities(mesh.runtime))
    built = {operation.id for operation in builds.operations}
    rest = tuple(operation for operation in plan.operations if operation.id not in built)
    note = "a service whose image comes out different is recreated"
    return replace(plan, operations=(*builds.operations, *rest), notes=(*plan.notes, note))


async def up(mesh: Mesh, options: UpOptions, sink: ProgressSink) -> UpReport:
    """Do it. Raises UsageError, RuntimeUnavailable; what fails on the way is in the report."""
    report = await _Up(mesh, options, sink).run()
    if not report.changed:
        return report
    return replace(report, trace_id=await send_up_trace(mesh, report, options.title(mesh.config.name)))


class _Up:
    """One run: what was done so far, and the survey that decides."""

    def __init__(self, mesh: Mesh, options: UpOptions, sink: ProgressSink) -> None:
        self._mesh = mesh
        self._options = options
        self._sink = sink
        self._can = capabilities(mesh.runtime)
        self._began = mesh.clock.now()
        self._started = mesh.clock.monotonic()
        self._done: list[tuple[Plan, Outcome]] = []
        self._failures: list[tuple[Failure, MeshError]] = []
        self._survey: Survey | None = None

    async def run(self) -> UpReport:
        """Raises UsageError, RuntimeUnavailable."""
        mesh, options = self._mesh, self._options
        if options.build:
            await self._carry_out(image_plan(mesh.config, options.wanted(), self._can))
        observed = await _observe(mesh, options)
        cache = ObservationCache(mesh, observed)
        try:
            plan = _plan(mesh, options, observed, cache.memory)
            if self._failures:
                await self._look(cache)
                return self._report(plan, changed=True)
            await self._carry_out(plan, cache)
            await self._settle(plan, cache)
            return self._report(plan, changed=bool(plan.changes))
        finally:
            await cache.close()

    async def _settle(self, plan: Plan, cache: ObservationCache) -> None:
        """Survey, and wait for what is not ready any more, until all is ready or one of it is given up."""
        while await self._look(cache) and (unready := self._unready(plan)) and not self._failures:
            if self._left <= 0:
                self._failures += [_given_up(operation) for operation in unready.values()]
                return
            await self._mesh.clock.sleep(_PAUSE_S)
            await self._carry_out(wait_plan(self._mesh.config, await cache.observed(), unready, self._can), cache)

    async def _look(self, cache: ObservationCache) -> bool:
        """Whether the survey could be taken. A check that fails is asked twice: each may use half of what is left."""
        options, config = self._options, self._mesh.config
        part = options.services or options.profiles
        chosen = selected(config, options.services, options.profiles) if part else ()
        limit_s = ASK_TIMEOUT_S if self._failures else max(ASK_TIMEOUT_S, self._left / 2)
        try:
            self._survey = await survey_of(self._mesh, cache, chosen, limit_s=limit_s)
        except MeshError as error:
            if not self._failures:
                self._failures.append((Failure("", config.name, str(error), error.hint), error))
            return False
        return True

    def _unready(self, plan: Plan) -> dict[str, Operation]:
        """What the plan waits for and the survey does not find ready."""
        statuses = self._survey.services if self._survey is not None else ()
        health = {one.id: one.health for status in statuses for one in status.instances}
        wanted = {OperationKind.WAIT_READY: READY, OperationKind.WAIT_EXIT: (Health.DONE,)}
        waits = (operation for operation in plan.operations if operation.kind in wanted)
        return {wait.target: wait for wait in waits if health.get(wait.target) not in wanted[wait.kind]}

    @property
    def _left(self) -> float:
        return self._options.timeout_s - (self._mesh.clock.monotonic() - self._started)

    async def _carry_out(self, plan: Plan, cache: ObservationCache | None = None) -> None:
        outcome = await Executor(self._mesh, plan, self._sink, self._left, cache=cache).run()
        self._done.append((plan, outcome))
        self._failures += zip(outcome.failures, outcome.errors, strict=True)

    def _report(self, plan: Plan, *, changed: bool) -> UpReport:
        """What failed and is ready by now is forgiven, if nothing was left out because of it."""
        outcomes = [outcome for _, outcome in self._done]
        skipped = tuple(target for outcome in outcomes for target in outcome.skipped)
        waits = {operation.target for operation in plan.operations if operation.is_wait}
        forgiven = not skipped and not self._unready(plan) and all(f.instance in waits for f, _ in self._failures)
        failures = [] if forgiven else self._failures
        return UpReport(
            project=self._mesh.config.name,
            ready=not failures,
            elapsed_ms=(self._mesh.clock.monotonic() - self._started) * 1000,
            changed=changed,
            timed_out=any(isinstance(error, DeadlineExceeded) for _, error in failures),
            failures=tuple(failure for failure, _ in failures),
            critical_path=tuple(step for done, outcome in self._done for step in done.critical_path(outcome.took)),
            notes=plan.notes,
            error=failures[0][1] if failures else None,
            skipped=skipped,
            began=self._began,
            ran=tuple(ran for outcome in outcomes for ran in outcome.ran),
            survey=self._survey,
        )


def _plan(mesh: Mesh, options: UpOptions, observed: Observed, memory: RunMemory) -> Plan:
    stopped = frozenset(c.id for c in observed.containers if is_done(c) and memory.was_stopped(c))
    return reconcile(mesh.config, observed, options.wanted(stopped), capabilities(mesh.runtime))


def _given_up(operation: Operation) -> tuple[Failure, MeshError]:
    error = DeadlineExceeded(
        f"{operation.target} was ready, but is not any more, and no time is left",
        hint=f"meshctl logs {operation.service}; more time: --timeout",
    )
    return failure_of(operation, error), error


async def _observe(mesh: Mesh, options: UpOptions) -> Observed:
    names = selected(mesh.config, options.services, options.profiles)
    images = [image_reference(mesh.config, mesh.config.services[name]) for name in names]
    return await mesh.runtime.observe(mesh.config.name, images)
