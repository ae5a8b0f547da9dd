"""Brings a project to what its file says, and returns when all of it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from meshctl.core.plan.reconcile import Wanted, image_plan, reconcile
from meshctl.core.plan.request import image_reference
from meshctl.core.plan.selection import selected
from meshctl.engine.executor import Executor, Outcome
from meshctl.engine.mesh import Mesh
from meshctl.engine.up_trace import send_up_trace
from meshctl.model.containers import Observed
from meshctl.model.plan import Plan, Step, UpReport
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink


@dataclass(frozen=True, slots=True)
class UpOptions:
    """``services`` () means all outside profiles; ``timeout_s`` is for the whole run.

    ``keep``: what exists stays as it is, even if the file or its image has changed.
    """

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    build: bool = False
    timeout_s: float = 300.0
    scale: Mapping[str, int] = field(default_factory=dict)
    keep: bool = False

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.services, self.profiles, dict(self.scale), keep=self.keep)

    def title(self, project: str) -> str:
        """What was asked for in few words: ``up shop``, ``up shop orders``, ``scale shop users``."""
        return " ".join(("scale" if self.keep else "up", project, *sorted(self.services)))


async def plan_up(mesh: Mesh, options: UpOptions) -> Plan:
    """What ``up`` would do now; with ``build`` what it would do if no image came out different.

    Raises UsageError, RuntimeUnavailable.
    """
    plan = reconcile(mesh.config, await _observe(mesh, options), options.wanted, capabilities(mesh.runtime))
    if not options.build:
        return plan
    builds = image_plan(mesh.config, options.wanted, capabilities(mesh.runtime))
    built = {operation.id for operation in builds.operations}
    rest = tuple(operation for operation in plan.operations if operation.id not in built)
    note = "a service whose image comes out different is recreated"
    return replace(plan, operations=(*builds.operations, *rest), notes=(*plan.notes, note))


async def up(mesh: Mesh, options: UpOptions, sink: ProgressSink) -> UpReport:
    """Do it. Raises UsageError, RuntimeUnavailable; what fails on the way is in the report."""
    report = await _bring_up(mesh, options, sink)
    if not report.changed:
        return report
    return replace(report, trace_id=await send_up_trace(mesh, report, options.title(mesh.config.name)))


async def _bring_up(mesh: Mesh, options: UpOptions, sink: ProgressSink) -> UpReport:
    began, started = mesh.clock.now(), mesh.clock.monotonic()
    builds = Outcome()
    built: tuple[Step, ...] = ()
    if options.build:
        plan = image_plan(mesh.config, options.wanted, capabilities(mesh.runtime))
        builds = await Executor(mesh, plan, sink, options.timeout_s).run()
        built = plan.critical_path(builds.seconds)
        if builds.failures:
            return _report(mesh, plan, (builds,), (began, started), built=())
    observed = await _observe(mesh, options)
    plan = reconcile(mesh.config, observed, options.wanted, capabilities(mesh.runtime))
    left = options.timeout_s - (mesh.clock.monotonic() - started)
    outcome = await Executor(mesh, plan, sink, left, observed).run()
    return _report(mesh, plan, (builds, outcome), (began, started), built)


def _report(
    mesh: Mesh, plan: Plan, outcomes: tuple[Outcome, ...], since: tuple[float, float], built: tuple[Step, ...]
) -> UpReport:
    """``since`` is when it began, as Unix seconds and by the monotonic clock; the last outcome is the plan's."""
    outcome = outcomes[-1]
    return UpReport(
        project=mesh.config.name,
        ready=not outcome.failures,
        elapsed_ms=(mesh.clock.monotonic() - since[1]) * 1000,
        changed=bool(plan.changes),
        timed_out=outcome.timed_out,
        failures=outcome.failures,
        critical_path=(*built, *plan.critical_path(outcome.seconds)),
        notes=plan.notes,
        error=outcome.error,
        skipped=outcome.skipped,
        began=since[0],
        ran=tuple(ran for one in outcomes for ran in one.ran),
    )


async def _observe(mesh: Mesh, options: UpOptions) -> Observed:
    names = selected(mesh.config, options.services, options.profiles)
    images = [image_reference(mesh.config, mesh.config.services[name]) for name in names]
    return await mesh.runtime.observe(mesh.config.name, images)
