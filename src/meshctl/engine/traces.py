"""What the app asks of the collector beside the list that it follows. All raise CollectorUnavailable."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from meshctl.engine.collector import collector_address
from meshctl.engine.logs import trace_lines
from meshctl.engine.mesh import Mesh
from meshctl.model.containers import Container, LogLine
from meshctl.model.traces import ServiceEdge, Trace, TraceQuery, TraceSummary
from meshctl.ports.telemetry import TraceReader
from meshctl.threads import run_in_thread

#: Log lines of one trace that are kept; the newest.
MOST_LINES = 500
#: Seconds before a trace's first span from which on its lines are looked for.
_MARGIN_S = 2.0

T = TypeVar("T")


async def read_trace(mesh: Mesh, trace_id: str) -> Trace | None:
    """All its spans as they are now; None when the collector does not know it."""
    return await _ask(mesh, lambda reader: reader.trace(trace_id))


async def search_traces(mesh: Mesh, query: TraceQuery) -> tuple[TraceSummary, ...]:
    """Newest first."""
    return await _ask(mesh, lambda reader: reader.traces(query))


async def read_edges(mesh: Mesh, window_s: float) -> tuple[ServiceEdge, ...]:
    """Edges of the last ``window_s`` seconds; 0 for all that is kept."""
    return await _ask(mesh, lambda reader: reader.edges(window_s))


async def pin_trace(mesh: Mesh, trace_id: str, pinned: bool) -> bool:
    """Keep it whatever the limits say, or no longer; False when it is not known."""
    return await _ask(mesh, lambda reader: reader.pin(trace_id, pinned))


async def trace_logs(mesh: Mesh, trace_id: str, start_ns: int = 0) -> tuple[LogLine, ...]:
    """The log lines that carry the trace's id, by time. ``start_ns`` is when it began; 0: its spans tell."""
    if not start_ns:
        trace = await read_trace(mesh, trace_id)
        if trace is None or not trace.spans:
            return ()
        start_ns = min(span.start_ns for span in trace.spans)
    observed = await mesh.runtime.observe(mesh.config.name)
    return await lines_of_trace(mesh, observed.containers, trace_id, start_ns)


async def lines_of_trace(
    mesh: Mesh, containers: Sequence[Container], trace_id: str, start_ns: int
) -> tuple[LogLine, ...]:
    """The same of containers that are known; asks no collector."""
    lines: deque[LogLine] = deque(maxlen=MOST_LINES)
    since = start_ns / 1e9 - _MARGIN_S
    async for line in trace_lines(mesh, containers, trace_id, since):
        lines.append(line)
    return tuple(lines)


async def _ask(mesh: Mesh, question: Callable[[TraceReader], T]) -> T:
    observed = await mesh.runtime.observe(mesh.config.name)
    reader = mesh.collectors.reader(collector_address(mesh.config, observed.containers))
    return await run_in_thread(lambda: question(reader))
