"""``call --trace``: the request under a span of our own, and the trace that it caused once that has settled."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from meshctl.adapters.traceparent import HEADER, child_of
from meshctl.cli import diagnostics
from meshctl.cli.context import World
from meshctl.cli.trace_logs import TraceLogs
from meshctl.core.traces.call_span import call_span
from meshctl.engine.collector import OTLP, QUERY, collector_address
from meshctl.engine.settling import FIRST_S, QUIET_S, is_answered, settled_trace
from meshctl.errors import CallTimeout, MeshError
from meshctl.present.documents.calls import caused_to_data

if TYPE_CHECKING:
    from meshctl.cli.output import Output
    from meshctl.engine.call import Directory, Send
    from meshctl.model.calls import CallReply, CallRequest, Endpoint
    from meshctl.model.config import MeshConfig
    from meshctl.model.containers import Container, LogLine
    from meshctl.model.traces import Span, Trace
    from meshctl.ports.telemetry import TraceReader, TraceSender

_SILENT = (
    "no span of '{service}' has come: does it send traces to OTEL_EXPORTER_OTLP_ENDPOINT, and take traceparent "
    "from its callers?"
)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request that was made: its span, and why it got no answer, if it got none."""

    span: Span
    error: MeshError | None = None

    @property
    def first_s(self) -> float:
        """How long a span of the service may take to come: who refused the request sends none."""
        return FIRST_S if self.error is None or isinstance(self.error, CallTimeout) else QUIET_S


@dataclass(frozen=True, slots=True)
class Caused:
    """What a request has caused; ``trace`` None or without a span of somebody else: nothing that is known."""

    trace: Trace | None = None
    lines: tuple[LogLine, ...] = ()
    answered: bool = False


class Tracer:
    """Traces the calls of one command. Without a collector calls are made all the same, and it says why once."""

    def __init__(self, world: World, config: MeshConfig, *, quiet: bool = False) -> None:
        self._world = world
        self._config = config
        self._quiet = quiet
        self._sent: deque[_Sent] = deque()
        self._ends: tuple[TraceReader, TraceSender] | None = None
        self._containers: Sequence[Container] = ()
        self._looked = False

    def watching(self, directory: Directory) -> Directory:
        """The same directory; the list of containers that it reads also tells where the collector is."""
        return replace(directory, containers=lambda: self._find(directory.containers()))

    def sending(self, send: Send) -> Send:
        """The same, with every request under a span of our own."""
        return partial(self._send, send)

    def tell(self, reply: CallReply, out: Output | None) -> dict[str, Any]:
        """Show the trace of the next reply and its log lines on ``out``, or return what ``--json`` adds to it.

        Replies are told in the order in which their requests were sent.
        """
        if out is not None:
            out.flush()  # the answer is seen while its trace settles
        caused = self._next(reply.service)
        if out is None:
            return caused_to_data(caused.trace, caused.lines)
        _show(out, caused)
        return {}

    def tell_failure(self, service: str, out: Output) -> None:
        """The same of a single request that got no answer."""
        _show(out, self._next(service))

    def _find(self, containers: Sequence[Container]) -> Sequence[Container]:
        if not self._looked:
            self._looked, self._containers = True, containers
            try:
                query, otlp = (collector_address(self._config, containers, port) for port in (QUERY, OTLP))
            except MeshError as error:
                self._warn(error)
            else:
                collectors = self._world.open_collectors()
                self._ends = collectors.reader(query), collectors.sender(otlp)
        return containers

    def _send(self, send: Send, endpoint: Endpoint, request: CallRequest) -> CallReply:
        given = next((value for name, value in request.headers if name.lower() == HEADER), "")
        ids, header = child_of(given)
        others = tuple(pair for pair in request.headers if pair[0].lower() != HEADER)
        traced = replace(request, headers=(*others, (HEADER, header)))
        outcome: CallReply | MeshError
        began, ticks = time.time_ns(), time.perf_counter_ns()
        try:
            outcome = send(endpoint, traced)
        except MeshError as error:
            outcome = error
        times = began, began + time.perf_counter_ns() - ticks
        if isinstance(outcome, MeshError):
            self._sent.append(_Sent(call_span(traced, endpoint, ids, times, outcome), outcome))
            raise outcome
        if outcome.began_ns:
            times = outcome.began_ns, outcome.began_ns + round(outcome.elapsed_ms * 1e6)
        self._sent.append(_Sent(call_span(traced, endpoint, ids, times, outcome)))
        return outcome

    def _next(self, service: str) -> Caused:
        """What the request caused that was sent first of those that are left."""
        if not self._sent:
            return Caused()
        sent = self._sent.popleft()
        if self._ends is None:
            return Caused()
        reader, sender = self._ends
        logs = TraceLogs(lambda: self._world.open_mesh(self._config), self._containers, sent.span)
        try:
            sender.send([sent.span])
            logs.prepare()
            trace = settled_trace(reader, sent.span, sent.first_s)
        except MeshError as error:
            logs.drop()
            self._warn(error)
            return Caused()
        if not is_answered(trace, sent.span):
            logs.drop()
            if sent.error is None and not self._quiet:
                diagnostics.note(f"note: {_SILENT.format(service=service)}")
            return Caused(trace)
        return Caused(trace, self._lines(logs), answered=True)

    def _lines(self, logs: TraceLogs) -> tuple[LogLine, ...]:
        try:
            return logs.read()
        except MeshError as error:
            self._warn(error)
            return ()

    def _warn(self, error: MeshError) -> None:
        if not self._quiet:
            diagnostics.warn(error)


def _show(out: Output, caused: Caused) -> None:
    """The waterfall, and below it what the services logged meanwhile."""
    if caused.trace is None or not caused.answered:
        return
    from meshctl.cli.commands.traces import shown_width
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.log_rows import log_row
    from meshctl.present.waterfall import printed

    out.text("")
    out.lines(printed(waterfall(caused.trace), shown_width()))
    if caused.lines:
        out.text("")
        out.lines([log_row(line, ids=False) for line in caused.lines])
