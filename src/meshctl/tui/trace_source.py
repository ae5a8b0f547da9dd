"""Where the screens get traces from. Every method raises CollectorUnavailable."""

from __future__ import annotations

from typing import Protocol

from meshctl.engine import traces
from meshctl.engine.mesh import Mesh
from meshctl.model.containers import LogLine
from meshctl.model.traces import ServiceEdge, Trace, TraceQuery, TraceSummary


class TraceSource(Protocol):
    """What a screen may ask for; nothing here blocks the screen. ``since`` is Unix seconds, None when not known."""

    async def read(self, trace_id: str) -> Trace | None: ...
    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]: ...
    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]: ...
    async def pin(self, trace_id: str, pinned: bool) -> bool: ...
    async def logs(self, trace_id: str, start_ns: int) -> tuple[LogLine, ...]: ...


class EngineTraces:
    """Asks the engine room."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def read(self, trace_id: str) -> Trace | None:
        return await traces.read_trace(self._mesh, trace_id)

    async def search(self, query: TraceQuery) -> tuple[TraceSummary, ...]:
        return await traces.search_traces(self._mesh, query)

    async def edges(self, window_s: float) -> tuple[ServiceEdge, ...]:
        return await traces.read_edges(self._mesh, window_s)

    async def pin(self, trace_id: str, pinned: bool) -> bool:
        return await traces.pin_trace(self._mesh, trace_id, pinned)

    async def logs(self, trace_id: str, start_ns: int) -> tuple[LogLine, ...]:
        return await traces.trace_logs(self._mesh, trace_id, start_ns)
