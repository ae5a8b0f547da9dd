"""The session of a mesh that runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from meshctl.engine import traces
from meshctl.engine.call import Directory, Send, call_every
from meshctl.engine.collector import OTLP, QUERY, collector_address
from meshctl.engine.lifecycle import LiveLifecycle
from meshctl.engine.logs import stream_logs
from meshctl.engine.mesh import Mesh
from meshctl.engine.project_status import project_status
from meshctl.engine.session import Ability
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.services import ServicesState
from meshctl.engine.trace_lookup import find
from meshctl.engine.watch.watcher import Watcher
from meshctl.errors import MeshError
from meshctl.model.calls import CallReply, CallRequest
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Capability, LogLine
from meshctl.model.recording import Recording
from meshctl.model.status import ServiceStatus
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
from meshctl.ports.runtime import capabilities
from meshctl.ports.telemetry import TraceReader
from meshctl.threads import run_in_thread

T = TypeVar("T")

#: The newest traces, and the last lines of each instance, that a recording holds.
RECORDED_TRACES = 500
RECORDED_LINES = 1000

_NEEDS = {
    Ability.PAUSE: Capability.PAUSING,
    Ability.UNPAUSE: Capability.PAUSING,
    Ability.EXEC: Capability.EXEC,
}


class LiveSession:
    """A mesh that runs, or could. The session closes ``mesh``."""

    def __init__(self, mesh: Mesh, calls: DirectoryCalls) -> None:
        self.config: MeshConfig = mesh.config
        self.state = MeshState(mesh.clock)
        self.lifecycle = LiveLifecycle(mesh)
        self.calls = calls
        self.traces = LiveTraces(mesh)
        self.logs = LiveLogs(mesh)
        self._mesh = mesh

    def can(self, ability: Ability) -> str:
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

    async def status(self, services: Sequence[str] = (), *, probe: bool = True) -> tuple[ServiceStatus, ...]:
        return await project_status(self._mesh, services, probe=probe)

    async def record(self) -> Recording:
        """Of the state as it is followed; outside of ``following()`` the services are looked at once."""
        state, now = self.state, self.now()
        known = state.services.value
        if known.observed_at is None:
            with suppress(MeshError):
                known = ServicesState(await self.status(), now)
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
        )

    async def close(self) -> None:
        await self._mesh.close()

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


class DirectoryCalls:
    """Calls over a directory of the services. ``sender_for`` gives what speaks a request's protocol."""

    def __init__(self, directory: Directory, sender_for: Callable[[CallRequest], Send]) -> None:
        self._directory = directory
        self._sender_for = sender_for

    async def call(self, request: CallRequest) -> tuple[CallReply, ...]:
        return await run_in_thread(lambda: call_every(self._directory, self._sender_for(request), request))


class LiveTraces:
    """Asks the collector, wherever it is published at the moment."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return await traces.search_traces(self._mesh, query)

    async def read(self, trace_id: str) -> Trace | None:
        return await traces.read_trace(self._mesh, trace_id)

    async def find(self, word: str) -> Trace:
        return await self._asked(lambda reader: find(reader, word))

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return await traces.read_edges(self._mesh, window_s)

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        return await traces.pin_trace(self._mesh, trace_id, pinned)

    async def logs(self, trace_id: str, start_ns: int = 0) -> tuple[LogLine, ...]:
        return await traces.trace_logs(self._mesh, trace_id, start_ns)

    async def services(self) -> tuple[str, ...]:
        return await self._asked(lambda reader: reader.services())

    async def status(self) -> CollectorStatus:
        return await self._asked(lambda reader: reader.status())

    async def export(self, trace_ids: Sequence[str]) -> bytes:
        return await self._asked(lambda reader: reader.export(trace_ids))

    async def import_document(self, body: bytes) -> int:
        sender = self._mesh.collectors.sender(await self._address(OTLP))
        return await run_in_thread(lambda: sender.send_raw(body))

    async def _asked(self, question: Callable[[TraceReader], T]) -> T:
        reader = self._mesh.collectors.reader(await self._address(QUERY))
        return await run_in_thread(lambda: question(reader))

    async def _address(self, port: str) -> str:
        observed = await self._mesh.runtime.observe(self._mesh.config.name)
        return collector_address(self._mesh.config, observed.containers, port)


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
