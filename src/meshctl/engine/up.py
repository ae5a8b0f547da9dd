"""Brings a project to what its file says, and returns when all of it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from meshctl.core.jobs import is_done
from meshctl.core.plan.reconcile import Wanted, image_plan, reconcile
from meshctl.core.plan.request import image_reference
from meshctl.core.plan.selection import selected
from meshctl.engine.change import Change
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.up_trace import send_up_trace
from meshctl.errors import DeadlineExceeded
from meshctl.model.containers import Observed
from meshctl.model.plan import Plan, UpReport
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink


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
    """One run: the plan as things are, and the report of what became of it."""

    def __init__(self, mesh: Mesh, options: UpOptions, sink: ProgressSink) -> None:
        self._mesh = mesh
        self._options = options
        self._can = capabilities(mesh.runtime)
        self._began = mesh.clock.now()
        part = options.services or options.profiles
        chosen = selected(mesh.config, options.services, options.profiles) if part else ()
        self._change = Change(mesh, sink, options.timeout_s, chosen)

    async def run(self) -> UpReport:
        """Raises UsageError, RuntimeUnavailable."""
        mesh, options, change = self._mesh, self._options, self._change
        if options.build:
            await change.carry_out(image_plan(mesh.config, options.wanted(), self._can))
        observed = await _observe(mesh, options)
        cache = ObservationCache(mesh, observed)
        try:
            plan = _plan(mesh, options, observed, cache.memory)
            if change.failed:
                await change.look(cache)
                return self._report(plan, changed=True)
            await change.carry_out(plan, cache)
            await change.settle(plan, cache)
            return self._report(plan, changed=bool(plan.changes))
        finally:
            await cache.close()

    def _report(self, plan: Plan, *, changed: bool) -> UpReport:
        change = self._change
        failures = change.failures(plan)
        return UpReport(
            project=self._mesh.config.name,
            ready=not failures,
            elapsed_ms=change.elapsed_s * 1000,
            changed=changed,
            timed_out=any(isinstance(error, DeadlineExceeded) for _, error in failures),
            failures=tuple(failure for failure, _ in failures),
            critical_path=tuple(step for done, outcome in change.done for step in done.critical_path(outcome.took)),
            notes=plan.notes,
            error=failures[0][1] if failures else None,
            skipped=change.skipped,
            began=self._began,
            ran=tuple(ran for _, outcome in change.done for ran in outcome.ran),
            survey=change.survey,
        )


def _plan(mesh: Mesh, options: UpOptions, observed: Observed, memory: RunMemory) -> Plan:
    stopped = frozenset(c.id for c in observed.containers if is_done(c) and memory.was_stopped(c))
    return reconcile(mesh.config, observed, options.wanted(stopped), capabilities(mesh.runtime))


async def _observe(mesh: Mesh, options: UpOptions) -> Observed:
    names = selected(mesh.config, options.services, options.profiles)
    images = [image_reference(mesh.config, mesh.config.services[name]) for name in names]
    return await mesh.runtime.observe(mesh.config.name, images)
