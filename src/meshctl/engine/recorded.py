"""The session of a mesh that was recorded: everything in it can be looked at, nothing can act."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

from meshctl.core.plan.selection import require_known
from meshctl.core.traces.archive import TraceArchive
from meshctl.engine.calls.traced import MOST_LINES
from meshctl.engine.logs import found, searches_of
from meshctl.engine.session import Ability
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.services import ServicesState
from meshctl.engine.state.traces import TraceList
from meshctl.engine.traces import TraceLookup
from meshctl.engine.up import UpOptions
from meshctl.errors import NotPossible
from meshctl.model.calls import CallOutcome, CallRequest, Endpoint, SentCall
from meshctl.model.config import MeshConfig
from meshctl.model.containers import LogLine
from meshctl.model.findings import Survey
from meshctl.model.plan import DownReport, Plan, UpReport
from meshctl.model.recording import Recording
from meshctl.model.spans import Span
from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
from meshctl.ports.world import ProgressSink

#: Spans as one OTLP JSON document.
OtlpWriter = Callable[[Sequence[Span]], bytes]

_DONE = {
    Ability.UP: "brought up",
    Ability.DOWN: "taken down",
    Ability.START: "started",
    Ability.STOP: "stopped",
    Ability.RESTART: "restarted",
    Ability.PAUSE: "paused",
    Ability.UNPAUSE: "resumed",
    Ability.SCALE: "scaled",
    Ability.EXEC: "run",
    Ability.CALL: "called",
    Ability.PIN: "pinned",
    Ability.IMPORT: "imported",
}


class RecordedSession:
    """Shows ``recording`` as a live session shows a mesh; the state never changes."""

    def __init__(self, recording: Recording, otlp: OtlpWriter) -> None:
        self.config: MeshConfig = recording.config
        archive = TraceArchive(recording.traces, round(recording.time * 1e9))
        self.state = MeshState(_StandingClock(recording.time))
        self.state.services.publish(ServicesState(recording.services, recording.observed_at, recording.findings), None)
        self.state.usage.publish(recording.usage, None)
        self.state.links.publish(recording.links, None)
        self.state.events.publish(recording.events, None)
        self.state.traces.publish(TraceList(archive.rows(), recording.collector), None)
        self.lifecycle = RecordedLifecycle(self.refuse)
        self.calls = RecordedCalls(self.refuse)
        self.traces = RecordedTraces(recording, archive, otlp, self.refuse)
        self.logs = RecordedLogs(recording)
        self._recording = recording

    def can(self, ability: Ability) -> str:
        return f"this is a recording of {self.config.name}: nothing in it can be {_DONE[ability]}"

    def refuse(self, ability: Ability) -> NoReturn:
        """Raises NotPossible."""
        raise NotPossible(self.can(ability), hint=f"meshctl acts on {self.config.name} itself, without a recording.")

    def now(self) -> float:
        return self._recording.time

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        yield

    async def survey(self, services: Sequence[str] = (), *, probe: bool = True) -> Survey:
        known = self._recording.services
        require_known(self.config, services, {status.service for status in known})
        chosen = tuple(status for status in known if not services or status.service in services)
        return Survey(self._recording.time, chosen, self._recording.findings)

    async def record(self) -> Recording:
        return self._recording

    async def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class _StandingClock:
    """It is always the same moment."""

    time: float

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RecordedLifecycle:
    """Refuses everything."""

    def __init__(self, refuse: Callable[[Ability], NoReturn]) -> None:
        self._refuse = refuse

    async def plan_up(self, options: UpOptions) -> Plan:
        self._refuse(Ability.UP)

    async def up(self, options: UpOptions, sink: ProgressSink) -> UpReport:
        self._refuse(Ability.UP)

    async def down(self, *, volumes: bool, timeout_s: float, sink: ProgressSink) -> DownReport:
        self._refuse(Ability.DOWN)

    async def start(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = 0.0) -> Survey:
        self._refuse(Ability.START)

    async def stop(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = 0.0) -> None:
        self._refuse(Ability.STOP)

    async def restart(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = 0.0) -> Survey:
        self._refuse(Ability.RESTART)

    async def pause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = 0.0) -> None:
        self._refuse(Ability.PAUSE)

    async def unpause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = 0.0) -> None:
        self._refuse(Ability.UNPAUSE)

    async def scale(
        self,
        counts: Mapping[str, int],
        sink: ProgressSink,
        timeout_s: float = 0.0,
        *,
        share_volumes: bool = False,
    ) -> UpReport:
        self._refuse(Ability.SCALE)

    async def exec_attached(self, service: str, command: Sequence[str], *, instance: int | None, tty: bool) -> int:
        self._refuse(Ability.EXEC)


class RecordedCalls:
    """Refuses everything."""

    def __init__(self, refuse: Callable[[Ability], NoReturn]) -> None:
        self._refuse = refuse

    async def targets(self, request: CallRequest) -> tuple[Endpoint, ...]:
        self._refuse(Ability.CALL)

    async def send(self, request: CallRequest, endpoint: Endpoint | None = None) -> SentCall:
        self._refuse(Ability.CALL)

    async def caused(self, sent: SentCall) -> CallOutcome:
        self._refuse(Ability.CALL)

    async def call(self, request: CallRequest) -> CallOutcome:
        self._refuse(Ability.CALL)

    async def report(self, within_s: float = 0.0) -> None:
        return


class RecordedTraces(TraceLookup):
    """Reads the traces that were recorded."""

    def __init__(
        self, recording: Recording, archive: TraceArchive, otlp: OtlpWriter, refuse: Callable[[Ability], NoReturn]
    ) -> None:
        self._recording = recording
        self._archive = archive
        self._otlp = otlp
        self._refuse = refuse

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return self._archive.search(query)

    async def read(self, trace_id: str) -> Trace | None:
        return self._archive.trace(trace_id)

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return self._archive.edges(window_s)

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        self._refuse(Ability.PIN)

    async def logs(self, trace_id: str, start_ns: int = 0) -> tuple[LogLine, ...]:
        lines = (line for line in self._recording.lines if trace_id in line.text)
        return tuple(deque(lines, maxlen=MOST_LINES))

    async def services(self) -> tuple[str, ...]:
        return self._archive.services()

    async def status(self) -> CollectorStatus:
        return self._recording.collector or CollectorStatus()

    async def export(self, trace_ids: Sequence[str]) -> bytes:
        wanted = (self._archive.traces.get(trace_id) for trace_id in trace_ids)
        return self._otlp([span for trace in wanted if trace is not None for span in trace.spans])

    async def import_document(self, body: bytes) -> int:
        self._refuse(Ability.IMPORT)


class RecordedLogs:
    """Gives the lines that were recorded; after them nothing comes."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def stream(
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
        searches = searches_of(grep, trace)
        instances = {status.service: status.instances for status in self._recording.services}
        require_known(self._recording.config, services, instances)
        if not any(instances.get(name) for name in services or instances):
            absent()
        lines = (line for line in self._recording.lines if not services or line.service in services)
        for line in _last([line for line in lines if since is None or line.time >= since], tail):
            if found(line, searches):
                yield line


def _last(lines: Sequence[LogLine], tail: int | None) -> Sequence[LogLine]:
    """The last so many of each instance."""
    if tail is None:
        return lines
    left = Counter({line.instance_id: tail for line in lines})
    kept: list[LogLine] = []
    for line in reversed(lines):
        if left[line.instance_id] > 0:
            left[line.instance_id] -= 1
            kept.append(line)
    return kept[::-1]
