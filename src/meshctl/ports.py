"""What the engine needs of the world. Adapters implement these; tests fake them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.config import BuildSpec, HealthCheck, ServiceSpec
from meshctl.model.containers import (
    Container,
    ContainerRequest,
    EngineEvent,
    EngineInfo,
    ExecResult,
    LogLine,
    Observed,
    ResourceSample,
)
from meshctl.model.progress import ProgressEvent
from meshctl.model.status import ProbeResult, Registration
from meshctl.model.traces import CollectorStatus, ServiceEdge, Span, Trace, TraceChanges, TraceQuery, TraceSummary


class ProgressSink(Protocol):
    """Receives what long work tells. Must not block."""

    def emit(self, event: ProgressEvent) -> None: ...


class Clock(Protocol):
    """``now`` Unix seconds, ``monotonic`` seconds, ``sleep`` cancellable."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class ContainerEngine(Protocol):
    """A container engine. Every method raises EngineUnavailable when none answers."""

    async def info(self) -> EngineInfo: ...
    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed: ...
    async def pull_image(self, reference: str, tell: Callable[[str, float | None], None]) -> str:
        """Pull and return the image id. Raises ImageUnavailable."""
        ...

    async def build_image(self, build: BuildSpec, tag: str, tell: Callable[[str, float | None], None]) -> str:
        """Build, tag, return the image id. Raises ImageUnavailable with the end of the output."""
        ...

    async def create_network(self, project: str, name: str) -> None:
        """``name`` is the engine's full name (``shop_default``). Present already: nothing happens."""
        ...

    async def remove_network(self, name: str) -> None: ...
    async def create_volume(self, project: str, name: str) -> None: ...
    async def remove_volume(self, name: str) -> None: ...
    async def create_container(self, request: ContainerRequest) -> str:
        """Return the container id. Raises ImageUnavailable, EngineError (name taken)."""
        ...

    async def start_container(self, container_id: str) -> None:
        """Raises PortInUse, NotFound, EngineError."""
        ...

    async def stop_container(self, container_id: str, timeout_s: float) -> None: ...
    async def restart_container(self, container_id: str, timeout_s: float) -> None: ...
    async def pause_container(self, container_id: str) -> None: ...
    async def unpause_container(self, container_id: str) -> None: ...
    async def remove_container(self, container_id: str) -> None:
        """Force; already gone: nothing happens."""
        ...

    async def exec(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult: ...
    async def exec_attached(self, container_id: str, command: Sequence[str], *, tty: bool) -> int:
        """Run with this process's stdin, stdout and stderr; return the exit code."""
        ...

    def logs(
        self, container: Container, *, since: float | None, tail: int | None, follow: bool
    ) -> AsyncIterator[LogLine]:
        """Lines in order. With ``follow`` it ends when the container stops or the engine goes away."""
        ...

    def events(self, project: str) -> AsyncIterator[EngineEvent]:
        """Ends (without an error) or raises EngineUnavailable when the engine goes away."""
        ...

    def stats(self, container_id: str) -> AsyncIterator[ResourceSample]: ...
    async def close(self) -> None: ...


class Registry(Protocol):
    """A service registry at one address. Raises RegistryUnavailable."""

    async def registrations(self) -> tuple[Registration, ...]:
        """Every registered instance of every service with its folded check status."""
        ...

    def watch(self) -> AsyncIterator[tuple[Registration, ...]]:
        """The same, now and after every change (blocking queries). Raises when the registry is lost."""
        ...

    async def deregister(self, instance_id: str) -> None: ...
    async def close(self) -> None: ...


#: ``connect("127.0.0.1:49153")`` gives the registry that answers there.
RegistryConnector = Callable[[str], Registry]


class Prober(Protocol):
    """Checks one instance once; a failed check is a result, never an exception."""

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult: ...
    async def close(self) -> None: ...


class Caller(Protocol):
    """Sends one request to one endpoint. Raises CallError, CallTimeout."""

    async def call(self, endpoint: Endpoint, request: CallRequest) -> CallReply: ...


class TraceReader(Protocol):
    """The memory of telemetry, read with short blocking requests. Every method raises CollectorUnavailable."""

    def traces(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        """Newest first."""
        ...

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        """One trace by its whole id; None when nothing is known of it.

        With ``settle_s`` it waits at most so long for the trace to appear and to settle (quiet for ``quiet_s``).
        ``root_id`` is the span that the caller has sent itself: it stands for the root, and waits for what it caused.
        """
        ...

    def export(self, trace_ids: Sequence[str]) -> bytes:
        """These traces as one OTLP JSON document (``{"resourceSpans": [...]}``), every field that was sent."""
        ...

    def services(self) -> tuple[str, ...]: ...
    def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        """Edges seen in the last ``window_s`` seconds; 0 for all that is kept."""
        ...

    def status(self) -> CollectorStatus: ...
    def pin(self, trace_id: str, pinned: bool) -> bool:
        """Keep a trace whatever the limits say, or no longer. False when it is not known."""
        ...


class TraceFeed(Protocol):
    """Live changes of the memory of telemetry."""

    def changes(self) -> AsyncIterator[TraceChanges]:
        """First one with the status now, then what changed, at most ten times a second. Raises CollectorUnavailable."""
        ...


class TraceSender(Protocol):
    """Takes spans to the collector. Both block for a bounded time and raise CollectorUnavailable."""

    def send(self, spans: Sequence[Span]) -> None:
        """Spans of meshctl's own: a call it made, an ``up``."""
        ...

    def send_raw(self, body: bytes) -> int:
        """One OTLP JSON document as it is; return how many spans were taken. Raises MeshError if it is refused."""
        ...


class Collectors(Protocol):
    """Ways to a collector by its address, such as ``127.0.0.1:49200``. Nothing is asked before it is used."""

    def reader(self, query_address: str) -> TraceReader: ...
    def feed(self, query_address: str) -> TraceFeed: ...
    def sender(self, otlp_address: str, timeout_s: float = 2.0) -> TraceSender: ...
