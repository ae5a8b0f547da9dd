"""The session of a mesh that runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from meshctl.engine.calls.directory import RegistryReader, ServiceDirectory
from meshctl.engine.calls.traced import LiveCalls
from meshctl.engine.lifecycle import LiveLifecycle
from meshctl.engine.logs import find_lines, stream_logs
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import Ability
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.services import ServicesState
from meshctl.engine.survey import take_survey
from meshctl.engine.traces import LiveTraces
from meshctl.engine.watch.watcher import Watcher
from meshctl.errors import MeshError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Capability, ContainerState, LogLine
from meshctl.model.findings import Survey
from meshctl.model.recording import Recording
from meshctl.model.traces import Trace, TraceQuery
from meshctl.ports.calls import CallerFor
from meshctl.ports.runtime import capabilities
from meshctl.threads import run_in_thread

#: The newest traces, and the last lines of each instance, that a recording holds.
RECORDED_TRACES = 500
RECORDED_LINES = 1000

_NEEDS = {
    Ability.PAUSE: Capability.PAUSING,
    Ability.UNPAUSE: Capability.PAUSING,
    Ability.EXEC: Capability.EXEC,
}


class LiveSession:
    """A mesh that runs, or could. The session closes ``mesh``; the other two are what calls need besides it."""

    def __init__(self, mesh: Mesh, connect: Callable[[str], RegistryReader], caller_for: CallerFor) -> None:
        self.config: MeshConfig = mesh.config
        self.state = MeshState(mesh.clock)
        self.lifecycle = LiveLifecycle(mesh)
        lines, find = partial(find_lines, mesh), partial(mesh.runtime.find, mesh.config.name)
        directory = ServiceDirectory(mesh.config, find, connect, run_in_thread, self._collector_ports)
        self.calls = LiveCalls(directory, caller_for, mesh.collectors, lines, run_in_thread)
        self.traces = LiveTraces(directory, mesh.collectors, lines, run_in_thread)
        self.logs = LiveLogs(mesh)
        self._mesh = mesh

    def can(self, ability: Ability) -> str:
        if self.config.partial and ability in (Ability.UP, Ability.SCALE):
            return self.config.partial
        needed = _NEEDS.get(ability)
        if needed is not None and needed not in capabilities(self._mesh.runtime):
            return f"the runtime of {self.config.name} has no {needed}"
        return ""

    def now(self) -> float:
        return self._mesh.clock.now()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        async with Watcher(self._mesh, self.state):
            yield

    async def survey(self, services: Sequence[str] = (), *, probe: bool = True) -> Survey:
        return await take_survey(self._mesh, services, probe=probe)

    async def record(self) -> Recording:
        """Of the state as it is followed; outside of ``following()`` the services are looked at once."""
        state, now = self.state, self.now()
        known = state.services.value
        if known.observed_at is None:
            with suppress(MeshError):
                survey = await self.survey()
                known = ServicesState(survey.services, now, survey.findings)
        return Recording(
            time=now,
            config=self.config,
            services=known.services,
            observed_at=known.observed_at,
            usage=state.usage.value,
            links=state.links.value,
            events=state.events.value,
            traces=await self._traces_kept(),
            collector=state.traces.value.status,
            lines=await self._lines_kept(),
            findings=known.findings,
        )

    async def close(self) -> None:
        await self._mesh.close()

    def _collector_ports(self) -> Mapping[str, str]:
        """Where the state shows the collector's ports; nothing when it shows none."""
        found = (status for status in self.state.services.value.services if status.service == self.config.collector)
        running = (one for status in found for one in status.instances if one.state is ContainerState.RUNNING)
        return next((one.ports for one in running), {})

    async def _traces_kept(self) -> tuple[Trace, ...]:
        """The newest ones, whole."""
        found: list[Trace] = []
        with suppress(MeshError):
            for row in await self.traces.search(TraceQuery(limit=RECORDED_TRACES)):
                trace = await self.traces.read(row.trace_id)
                if trace is not None:
                    found.append(trace)
        return tuple(found)

    async def _lines_kept(self) -> tuple[LogLine, ...]:
        lines: list[LogLine] = []
        with suppress(MeshError):
            async for line in self.logs.stream(follow=False, tail=RECORDED_LINES):
                lines.append(line)
        return tuple(lines)


class LiveLogs:
    """Reads what the runtime keeps of the instances' output."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    def stream(
        self,
        services: Sequence[str] = (),
        *,
        follow: bool,
        since: float | None = None,
        tail: int | None = None,
        grep: str | None = None,
        trace: str | None = None,
        absent: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[LogLine, None]:
        return stream_logs(
            self._mesh, services, follow=follow, since=since, tail=tail, grep=grep, trace=trace, absent=absent
        )
