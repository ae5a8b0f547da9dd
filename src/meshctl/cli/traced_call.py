"""``call --trace``: the request under a span of our own, and the trace that it caused once that has settled."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from meshctl.adapters.traceparent import HEADER, child_of
from meshctl.cli import diagnostics
from meshctl.cli.commands.logs import line_data
from meshctl.cli.commands.traces import shown_width
from meshctl.cli.context import World, run_async
from meshctl.core.traces.call_span import OURS, call_span
from meshctl.errors import MeshError

if TYPE_CHECKING:
    from meshctl.cli.output import Output
    from meshctl.engine.call import Send
    from meshctl.model.calls import CallReply, CallRequest, Endpoint
    from meshctl.model.config import MeshConfig
    from meshctl.model.containers import LogLine
    from meshctl.model.traces import Span, Trace
    from meshctl.ports import TraceReader, TraceSender

#: Seconds to wait for the first span of the service, and for all of a trace that has begun to come.
FIRST_S = 1.5
SETTLE_S = 10.0
QUIET_S = 0.3
#: Log lines may be stamped by a clock that is a little behind.
_MARGIN_S = 0.5

_SILENT = (
    "no span of '{service}' has come: does it send traces to OTEL_EXPORTER_OTLP_ENDPOINT, and take traceparent "
    "from its callers?"
)


class Tracer:
    """Traces the calls of one command. Without a collector calls are made all the same, and it says why once."""

    def __init__(self, world: World, config: MeshConfig) -> None:
        self._world = world
        self._config = config
        self._spans: dict[str, Span] = {}
        self._last = ""
        self._ends: tuple[TraceReader, TraceSender] | None = None
        try:
            self._ends = world.open_traces(config), world.open_sender(config)
        except MeshError as error:
            diagnostics.warn(error)

    def sending(self, send: Send) -> Send:
        """The same, with every request under a span of our own."""
        return partial(self._send, send)

    def tell(self, reply: CallReply, out: Output | None) -> dict[str, Any]:
        """Show the trace of a reply and its log lines on ``out``, or return what ``--json`` adds to the reply."""
        if out is not None:
            out.raw("")  # the answer is seen while its trace settles
        trace, lines = self._settled(reply.trace_id or self._last, reply.service)
        if out is None:
            return _data(trace, lines)
        _show(out, trace, lines)
        return {}

    def tell_failure(self, service: str, out: Output) -> None:
        """The same of the last request, which got no answer."""
        if self._last:
            _show(out, *self._settled(self._last, service))

    def _send(self, send: Send, endpoint: Endpoint, request: CallRequest) -> CallReply:
        given = next((value for name, value in request.headers if name.lower() == HEADER), "")
        ids, header = child_of(given)
        others = tuple(pair for pair in request.headers if pair[0].lower() != HEADER)
        traced = replace(request, headers=(*others, (HEADER, header)))
        self._last = ids[0]
        began, ticks = time.time_ns(), time.perf_counter_ns()
        outcome: CallReply | MeshError
        try:
            outcome = send(endpoint, traced)
        except MeshError as error:
            outcome = error
        ended = began + time.perf_counter_ns() - ticks
        self._spans[ids[0]] = call_span(traced, endpoint, ids, (began, ended), outcome)
        if isinstance(outcome, MeshError):
            raise outcome
        return outcome

    def _settled(self, trace_id: str, service: str) -> tuple[Trace | None, tuple[LogLine, ...]]:
        span = self._spans.pop(trace_id, None)
        if self._ends is None or span is None:
            return None, ()
        reader, sender = self._ends
        getting_ready = threading.Thread(target=_get_ready, daemon=True)
        try:
            sender.send([span])
            getting_ready.start()
            trace = reader.trace(trace_id, settle_s=FIRST_S, quiet_s=QUIET_S)
            if trace is None or all(one.service == OURS for one in trace.spans):
                diagnostics.note(f"note: {_SILENT.format(service=service)}")
                return trace, ()
            if not trace.settled:
                trace = reader.trace(trace_id, settle_s=SETTLE_S - FIRST_S, quiet_s=QUIET_S) or trace
        except MeshError as error:
            diagnostics.warn(error)
            return None, ()
        getting_ready.join()
        return trace, self._logs(trace_id, span.start_ns / 1e9 - _MARGIN_S)

    def _logs(self, trace_id: str, since: float) -> tuple[LogLine, ...]:
        from meshctl.engine.traces import trace_logs

        async def read() -> tuple[LogLine, ...]:
            mesh = self._world.open_mesh(self._config)
            try:
                return await trace_logs(mesh, trace_id, since)
            finally:
                await mesh.close()

        try:
            return run_async(read())
        except MeshError as error:
            diagnostics.warn(error)
            return ()


def _show(out: Output, trace: Trace | None, lines: tuple[LogLine, ...]) -> None:
    """The waterfall, and below it what the services logged meanwhile."""
    if trace is None or not trace.spans:
        return
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.log_rows import log_row
    from meshctl.present.waterfall import printed

    width = shown_width()
    out.text("")
    out.lines(printed(waterfall(trace), width))
    if lines:
        out.text("")
        out.lines([log_row(line) for line in lines])


def _data(trace: Trace | None, lines: tuple[LogLine, ...]) -> dict[str, Any]:
    """What ``--json`` adds to a reply."""
    if trace is None:
        return {"trace": None, "logs": []}
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.trace_data import trace_data

    return {"trace": trace_data(trace, waterfall(trace)), "logs": [line_data(line) for line in lines]}


def _get_ready() -> None:
    """Load, while the collector waits for the trace, what shows it and reads the logs."""
    import docker  # noqa: F401

    import meshctl.adapters.otlp.decode
    import meshctl.core.traces.waterfall
    import meshctl.engine.traces
    import meshctl.present.waterfall  # noqa: F401
