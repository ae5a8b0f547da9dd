"""What a front end has of a mesh, and all that it has: one that runs, or one that was recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from meshctl.model.config import MeshConfig

if TYPE_CHECKING:
    from meshctl.engine.state.mesh_state import MeshState
    from meshctl.engine.up import UpOptions
    from meshctl.model.calls import CallOutcome, CallRequest, Endpoint, SentCall
    from meshctl.model.containers import LogLine
    from meshctl.model.findings import Survey
    from meshctl.model.plan import DownReport, Plan, UpReport
    from meshctl.model.recording import Recording
    from meshctl.model.traces import CollectorStatus, ServiceEdge, Trace, TraceQuery, TraceSummary
    from meshctl.model.waterfall import Waterfall
    from meshctl.ports.world import ProgressSink


class Ability(StrEnum):
    """What changes something outside of meshctl, and so is not possible everywhere."""

    UP = "up"
    DOWN = "down"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    SCALE = "scale"
    EXEC = "exec"
    CALL = "call"
    PIN = "pin"
    IMPORT = "import"


class Lifecycle(Protocol):
    """What brings instances up and takes them away.

    Each returns when it is so, or raises the first thing that went wrong: UsageError, ServiceFailed,
    DeadlineExceeded, OperationFailed, RuntimeUnavailable, NotPossible. No service named means all of them.
    """

    async def plan_up(self, options: UpOptions) -> Plan: ...
    async def up(self, options: UpOptions, sink: ProgressSink) -> UpReport: ...
    async def down(self, *, volumes: bool, timeout_s: float, sink: ProgressSink) -> DownReport: ...
    async def start(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = ...) -> Survey: ...
    async def stop(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = ...) -> None: ...
    async def restart(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = ...) -> Survey: ...
    async def pause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = ...) -> None: ...
    async def unpause(self, services: Sequence[str], sink: ProgressSink, timeout_s: float = ...) -> None: ...
    async def scale(
        self, counts: Mapping[str, int], sink: ProgressSink, timeout_s: float = ..., *, share_volumes: bool = ...
    ) -> UpReport:
        """Several instances on one writable volume only when the file or ``share_volumes`` says so, else UsageError."""
        ...

    async def exec_attached(self, service: str, command: Sequence[str], *, instance: int | None, tty: bool) -> int:
        """Run a command in an instance with this process's streams; return its exit code."""
        ...


class Calls(Protocol):
    """Requests to services by their names, each under a client span of ours."""

    async def targets(self, request: CallRequest) -> tuple[Endpoint, ...]:
        """Whom the request goes to: one of the instances that may answer, or with ``instance`` ``all`` each.

        Raises UsageError for unknown names, NoHealthyInstance, CallError without a published port,
        RegistryUnavailable, RuntimeUnavailable, NotPossible.
        """
        ...

    async def send(self, request: CallRequest, endpoint: Endpoint | None = None) -> SentCall:
        """One request to ``endpoint``, or to whom ``targets`` names. One without an answer carries its error.

        Raises as ``targets``, and UsageError for what the protocol cannot carry.
        """
        ...

    async def caused(self, sent: SentCall) -> CallOutcome:
        """Its trace once that has settled, or as it is when the time is over, and its log lines."""
        ...

    async def call(self, request: CallRequest) -> CallOutcome:
        """Both. Raises as ``send``."""
        ...

    async def report(self, within_s: float = ...) -> None:
        """Send the spans of requests that have not been sent. Raises CollectorUnavailable; they are lost then."""
        ...


class Traces(Protocol):
    """The memory of telemetry. Every method raises CollectorUnavailable."""

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""
        ...

    async def read(self, trace_id: str) -> Trace | None:
        """All its spans as they are now; None when it is not known."""
        ...

    async def find(self, word: str) -> Trace:
        """The trace that an id, its beginning, ``last`` or ``up`` means. Raises MeshError, UsageError."""
        ...

    async def find_id(self, word: str) -> str:
        """The whole id only; one that is written in full is not looked up. Raises as ``find``."""
        ...

    async def runs_before(self, w: Waterfall) -> list[int] | None:
        """Durations in ns of ``up`` runs of the same name before this one, newest first; None if it is no ``up``."""
        ...

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges of the last ``window_s`` seconds; 0 for all that is kept."""
        ...

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep it whatever the limits say, or no longer; False when it is not known. Raises NotPossible."""
        ...

    async def logs(self, trace_id: str, start_ns: int = 0) -> tuple[LogLine, ...]:
        """The log lines that carry the trace's id, by time. ``start_ns`` is when it began; 0: its spans tell."""
        ...

    async def services(self) -> tuple[str, ...]: ...
    async def status(self) -> CollectorStatus: ...
    async def export(self, trace_ids: Sequence[str]) -> bytes:
        """These traces as one OTLP JSON document."""
        ...

    async def import_document(self, body: bytes) -> int:
        """Take one OTLP JSON document; return how many spans it held. Raises MeshError, NotPossible."""
        ...


class Logs(Protocol):
    """What the instances write."""

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
        """Lines of the services by time, all when none is named; ``tail`` counts per instance, before filtering.

        ``absent`` is called when none of the services has an instance to read from.
        Raises UsageError for a bad pattern or name, RuntimeUnavailable.
        """
        ...


class MeshSession(Protocol):
    """One project, for every front end. ``state`` is kept true only while inside of ``following()``."""

    @property
    def config(self) -> MeshConfig: ...
    @property
    def state(self) -> MeshState: ...
    @property
    def lifecycle(self) -> Lifecycle: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def logs(self) -> Logs: ...

    def can(self, ability: Ability) -> str:
        """Why this is not possible here, in one sentence; '' when it is."""
        ...

    def now(self) -> float:
        """Unix seconds; of the recording in one that was recorded."""
        ...

    def following(self) -> AbstractAsyncContextManager[None]: ...
    async def survey(self, services: Sequence[str] = (), *, probe: bool = True) -> Survey:
        """How the services go at this moment, and why. Raises RuntimeUnavailable, UsageError for an unknown one."""
        ...

    async def record(self) -> Recording:
        """All that can be looked at later, as it is now. What cannot be asked is left out."""
        ...

    async def close(self) -> None:
        """Let go of sockets and threads."""
        ...
