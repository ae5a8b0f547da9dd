"""Brings a project to what its file says, and returns when all of it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshctl.core.plan.critical import critical_path
from meshctl.core.plan.reconcile import Wanted, image_plan, reconcile
from meshctl.core.plan.request import image_reference
from meshctl.core.plan.selection import selected
from meshctl.engine.executor import Executor, Outcome
from meshctl.engine.mesh import Mesh
from meshctl.errors import MeshError
from meshctl.model.containers import Observed
from meshctl.model.plan import Failure, Plan, Step
from meshctl.ports import ProgressSink


@dataclass(frozen=True, slots=True)
class UpOptions:
    """``services`` () means all outside profiles; ``timeout_s`` is for the whole run."""

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    build: bool = False
    timeout_s: float = 300.0
    scale: Mapping[str, int] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.services, self.profiles, dict(self.scale), rebuild=self.build)


@dataclass(frozen=True, slots=True)
class UpReport:
    """What came of it. ``changed`` False: there was nothing to do. ``error`` is the first one, for its exit code."""

    project: str
    ready: bool
    elapsed_ms: float
    changed: bool
    timed_out: bool = False
    failures: tuple[Failure, ...] = ()
    critical_path: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    error: MeshError | None = None


async def plan_up(mesh: Mesh, options: UpOptions) -> Plan:
    """What ``up`` would do now. Raises UsageError, EngineUnavailable."""
    return reconcile(mesh.config, await _observe(mesh, options), options.wanted)


async def up(mesh: Mesh, options: UpOptions, sink: ProgressSink) -> UpReport:
    """Do it. Raises UsageError, EngineUnavailable; what fails on the way is in the report."""
    started = mesh.clock.monotonic()
    built: Outcome | None = None
    if options.build:
        plan = image_plan(mesh.config, options.wanted)
        built = await Executor(mesh, plan, sink, options.timeout_s).run()
        if built.failures:
            return _report(mesh, plan, built, started)
    observed = await _observe(mesh, options)
    plan = reconcile(mesh.config, observed, options.wanted)
    remaining = options.timeout_s - (mesh.clock.monotonic() - started)
    return _report(mesh, plan, await Executor(mesh, plan, sink, remaining).run(), started)


def _report(mesh: Mesh, plan: Plan, outcome: Outcome, started: float) -> UpReport:
    return UpReport(
        project=mesh.config.name,
        ready=not outcome.failures and not outcome.skipped,
        elapsed_ms=(mesh.clock.monotonic() - started) * 1000,
        changed=bool(plan.changes),
        timed_out=outcome.timed_out,
        failures=outcome.failures,
        critical_path=critical_path(plan, outcome.seconds),
        notes=plan.notes,
        error=outcome.error,
    )


async def _observe(mesh: Mesh, options: UpOptions) -> Observed:
    names = selected(mesh.config, options.services, options.profiles)
    images = [image_reference(mesh.config, mesh.config.services[name]) for name in names]
    return await mesh.containers.observe(mesh.config.name, images)
