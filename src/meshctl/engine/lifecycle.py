"""Brings instances up, starts, stops, pauses, scales and removes them, and runs commands inside of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from meshctl.core.names import no_such, not_created
from meshctl.core.plan.selection import require_known, selected
from meshctl.core.plan.verbs import down_plan, pause_plan, restart_plan, start_plan, stop_plan, unpause_plan
from meshctl.engine import up
from meshctl.engine.change import Change
from meshctl.engine.executor import Executor
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.turns import turn
from meshctl.engine.up import UpOptions
from meshctl.errors import MeshError, NotPossible, OperationFailed, UsageError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Capability, ContainerState, Observed
from meshctl.model.findings import Survey
from meshctl.model.plan import DownReport, Failure, OperationKind, Plan, UpReport
from meshctl.ports.runtime import capabilities
from meshctl.ports.world import ProgressSink

TIMEOUT_S = 120.0

_Planner = Callable[[MeshConfig, Observed, Sequence[str], frozenset[Capability]], Plan]


class LiveLifecycle:
    """``session.Lifecycle`` of a mesh that runs, or could. What changes it takes turns, within its time."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def plan_up(self, options: UpOptions) -> Plan:
        self._need_whole_file()
        return await up.plan_up(self._mesh, options)

    async def up(self, options: UpOptions, sink: ProgressSink) -> UpReport:
        self._need_whole_file()
        selected(self._mesh.config, options.services, options.profiles)
        return await self._up(" ".join(("up", *options.services)), options, sink)

    async def start(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> Survey:
        """Start the instances that exist and wait until they are ready; others are left alone."""
        return await self._until_ready("start", start_plan, services, sink, timeout_s)

    async def stop(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
        """Stop what runs; what depends on it is left alone."""
        await self._run("stop", stop_plan, services, sink, timeout_s)

    async def restart(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> Survey:
        """Stop, start and wait until ready; the instances of one service one after the other."""
        return await self._until_ready("restart", restart_plan, services, sink, timeout_s)

    async def pause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
        """Freeze what runs."""
        await self._run("pause", pause_plan, services, sink, timeout_s)

    async def unpause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = TIMEOUT_S) -> None:
        """Let what is paused run on."""
        await self._run("unpause", unpause_plan, services, sink, timeout_s)

    async def scale(
        self,
        counts: Mapping[str, int],
        sink: ProgressSink,
        timeout_s: float = TIMEOUT_S,
        *,
        share_volumes: bool = False,
    ) -> UpReport:
        """Make it so many instances a service, with what they need, and wait until they are ready.

        What exists is not recreated, even if the file has changed.
        """
        self._need_whole_file()
        options = UpOptions(tuple(counts), timeout_s=timeout_s, scale=counts, keep=True, share_volumes=share_volumes)
        command = " ".join(("scale", *(f"{service}={count}" for service, count in counts.items())))
        report = await self._up(command, options, sink)
        if report.error is not None:
            raise report.error
        return report

    async def exec_attached(
        self, service: str, command: Sequence[str], *, instance: int | None = None, tty: bool = False
    ) -> int:
        """Run a command in the first instance that runs, or in that one, with this process's streams; its exit code."""
        inside = self._mesh.runtime.exec
        if inside is None:
            raise UsageError("this runtime runs no commands inside of instances")
        found = await self._mesh.runtime.find(self._mesh.config.name, service)
        require_known(self._mesh.config, (service,), {container.service for container in found})
        if not found:
            raise not_created(service)
        chosen = [c for c in found if instance in (None, c.instance)]
        which = f"{service}-{instance}" if instance else service
        if not chosen:
            raise no_such("instance", which, [c.instance_id for c in found], where=f"of {service}")
        running = [c for c in chosen if c.state is ContainerState.RUNNING]
        if not running:
            raise _not_running(which, service, chosen[0].state)
        return await inside.attach(running[0].id, command, tty=tty)

    async def down(self, *, volumes: bool, timeout_s: float, sink: ProgressSink) -> DownReport:
        """Stop and remove containers, dependents first, then networks, then volumes if asked. Repeatable.

        It goes by the project's label: also what an older file had goes, and nothing of other projects.
        ``timeout_s`` is for the whole run; each container has the grace of its service to stop. Raises
        RuntimeUnavailable.
        """
        started = self._mesh.clock.monotonic()
        async with turn(self._mesh, "down -v" if volumes else "down", sink, timeout_s) as left_s:
            observed = await self._mesh.runtime.observe(self._mesh.config.name)
            plan = down_plan(self._mesh.config, observed, volumes=volumes, can=capabilities(self._mesh.runtime))
            outcome = await Executor(self._mesh, plan, sink, left_s, observed).run()
            came_back = await self._came_back() if plan.changes and not outcome.failures else ()
        stops = {operation.id for operation in plan.operations if operation.kind is OperationKind.STOP}
        removed = len(set(outcome.seconds) - stops)
        elapsed = (self._mesh.clock.monotonic() - started) * 1000
        failures, error = outcome.failures, outcome.error
        if came_back:
            error = OperationFailed(f"somebody else has made {', '.join(came_back)} meanwhile", hint="meshctl down")
            failures = (Failure("", "", str(error), error.hint),)
        return DownReport(self._mesh.config.name, removed, elapsed, failures, error)

    async def _came_back(self) -> tuple[str, ...]:
        """Instances that others have made while ours were removed, on a machine that takes no turns with this one."""
        return tuple(found.instance_id for found in await self._mesh.runtime.find(self._mesh.config.name))

    def _need_whole_file(self) -> None:
        if self._mesh.config.partial:
            raise NotPossible(self._mesh.config.partial, hint="Only the whole file tells what to create.")

    async def _up(self, command: str, options: UpOptions, sink: ProgressSink) -> UpReport:
        async with turn(self._mesh, command, sink, options.timeout_s) as left_s:
            return await up.up(self._mesh, replace(options, timeout_s=left_s), sink)

    async def _run(
        self, verb: str, planner: _Planner, services: Sequence[str], sink: ProgressSink, timeout_s: float
    ) -> None:
        async with turn(self._mesh, " ".join((verb, *services)), sink, timeout_s) as left_s:
            observed = await self._mesh.runtime.observe(self._mesh.config.name)
            plan = planner(self._mesh.config, observed, services, capabilities(self._mesh.runtime))
            (await Executor(self._mesh, plan, sink, left_s, observed).run()).raise_first()

    async def _until_ready(
        self, verb: str, planner: _Planner, services: Sequence[str], sink: ProgressSink, timeout_s: float
    ) -> Survey:
        async with turn(self._mesh, " ".join((verb, *services)), sink, timeout_s) as left_s:
            change = Change(self._mesh, sink, left_s, services)
            observed = await self._mesh.runtime.observe(self._mesh.config.name)
            plan = planner(self._mesh.config, observed, services, capabilities(self._mesh.runtime))
            cache = ObservationCache(self._mesh, observed)
            try:
                await change.carry_out(plan, cache)
                await change.settle(plan, cache)
            finally:
                await cache.close()
        for _, error in change.failures(plan):
            raise error
        assert change.survey is not None, "a survey that cannot be taken is a failure"
        return change.survey


def _not_running(which: str, service: str, state: ContainerState) -> MeshError:
    """Why no command runs inside of it, and what changes that."""
    if state is ContainerState.PAUSED:
        return MeshError(f"{which} is paused", hint=f"meshctl unpause {service}")
    if state is ContainerState.RESTARTING:
        return MeshError(f"{which} ends again and again", hint=f"meshctl logs {service} --tail 20 shows why")
    return MeshError(f"{which} does not run", hint=f"meshctl start {service}")
