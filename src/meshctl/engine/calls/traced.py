"""Requests to services, each under a client span of ours, and what they have caused."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from meshctl.blocking import Offload
from meshctl.core.resolve import OTLP, QUERY
from meshctl.engine.calls.directory import ALL, ServiceDirectory
from meshctl.errors import CallError, CallTimeout, MeshError, UsageError
from meshctl.model.calls import CallOutcome, CallReply, CallRequest, Endpoint, SentCall
from meshctl.model.containers import Container, LogLine
from meshctl.ports.calls import CallerFor

if TYPE_CHECKING:
    from meshctl.model.spans import Span
    from meshctl.ports.telemetry import Collectors

#: Seconds after a request in which a first span of the service may come.
FIRST_S = 1.5
#: Seconds in which all of a trace may come once it has begun to.
SETTLE_S = 10.0
#: Seconds without another span after which a trace that lacks nothing has settled.
QUIET_S = 0.3
#: Seconds that sending the span of a traced request may take, and that ``report`` may.
SEND_S = 2.0
REPORT_S = 0.004
#: Log lines of one trace that are kept, the newest; seconds before its first span from which on they are looked for.
MOST_LINES = 500
LINES_MARGIN_S = 2.0

TRACEPARENT = "traceparent"
#: W3C Trace Context, level 1.
_VALID = r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?"

#: Of the lines of these containers that hold a word, from a moment (Unix seconds) on, the newest so many, by time.
#: Raises RuntimeUnavailable.
FindLines = Callable[[Sequence[Container], str, float, int], Coroutine[Any, Any, Sequence[LogLine]]]


@dataclass(eq=False, repr=False)
class LiveCalls:
    """Calls over a directory of the services; their spans go to the collector that it names."""

    directory: ServiceDirectory
    caller_for: CallerFor
    collectors: Collectors
    find_lines: FindLines
    offload: Offload
    _unreported: list[Span] = field(default_factory=list)

    async def targets(self, request: CallRequest) -> tuple[Endpoint, ...]:
        """Whom the request goes to: one of the instances that may answer, or with ``instance`` ``all`` each.

        Raises what ``ServiceDirectory.endpoints`` raises.
        """
        found = await self.directory.endpoints(request)
        if request.instance == ALL:
            return found
        return (found[int.from_bytes(os.urandom(4), "big") % len(found)],)  # importing random costs a millisecond

    async def send(self, request: CallRequest, endpoint: Endpoint | None = None) -> SentCall:
        """One request to ``endpoint``, or to whom the directory names. One without an answer carries its error.

        Raises as ``targets``, and UsageError for what the protocol cannot carry.
        """
        if endpoint is None:
            (endpoint, *_) = await self.targets(request)
        caller = await self.offload(lambda: self.caller_for(request))
        traced, ids = _under_a_span(request)
        began, ticks = time.time_ns(), time.perf_counter_ns()
        outcome: CallReply | CallError
        gone: BaseException | None = None
        try:
            outcome = await self.offload(lambda: caller.send(endpoint, traced), caller.abort)
        except CallError as error:
            outcome = error
        except UsageError:
            raise  # it was not sent
        except BaseException as error:
            outcome, gone = CallError("the answer was not waited for"), error
        from meshctl.core.traces.call_span import call_span

        times = began, began + time.perf_counter_ns() - ticks
        span = call_span(traced, endpoint, ids, times, outcome)
        self._unreported.append(span)
        if gone is not None:
            raise gone
        if isinstance(outcome, CallError):
            return SentCall(endpoint, span, error=outcome)
        return SentCall(endpoint, span, replace(outcome, trace_id="" if traced is request else span.trace_id))

    async def caused(self, sent: SentCall) -> CallOutcome:
        """Its trace once that has settled, or as it is when the time is over, and its log lines."""
        ours, outcome = sent.span, CallOutcome(sent)
        # Who refused the request sends no span.
        first_s = FIRST_S if sent.error is None or isinstance(sent.error, CallTimeout) else QUIET_S
        try:
            await self.report(SEND_S)
            reader = self.collectors.reader(await self.directory.collector(QUERY))
            for wait_s in (first_s, SETTLE_S - first_s):
                settling = partial(reader.trace, ours.trace_id, settle_s=wait_s, quiet_s=QUIET_S, root_id=ours.span_id)
                trace = await self.offload(settling)
                outcome = replace(outcome, trace=trace or outcome.trace)
                if trace is None or trace.settled or not outcome.answered:
                    break
            if outcome.answered:
                containers = self.directory.containers or await self.directory.find("")
                since = ours.start_ns / 1e9 - LINES_MARGIN_S
                lines = await self.find_lines(containers, ours.trace_id, since, MOST_LINES)
                outcome = replace(outcome, logs=tuple(lines))
        except MeshError as error:
            return replace(outcome, missing=error)
        return outcome

    async def call(self, request: CallRequest) -> CallOutcome:
        """Send and wait for what it causes. Raises as ``send``."""
        return await self.caused(await self.send(request))

    async def report(self, within_s: float = REPORT_S) -> None:
        """Send the spans of requests that have not been sent. Raises CollectorUnavailable; they are lost then."""
        spans, self._unreported = self._unreported, []
        if spans:
            address = await self.directory.collector(OTLP)
            await self.offload(lambda: self.collectors.sender(address, within_s).send(spans))


def _under_a_span(request: CallRequest) -> tuple[CallRequest, tuple[str, str, str]]:
    """The request below a new sampled span of ours, and (trace, span, parent) of that span.

    A ``traceparent`` that was given is its parent; one that is not valid is sent as it was given.
    """
    given = next((value for name, value in request.headers if name.lower() == TRACEPARENT), None)
    found = re.fullmatch(_VALID, given.strip()) if given is not None else None
    trace_id, parent_id = (found[1], found[2]) if found else (os.urandom(16).hex(), "")
    span_id = os.urandom(8).hex()
    if given is None or found:
        others = tuple(pair for pair in request.headers if pair[0].lower() != TRACEPARENT)
        request = replace(request, headers=(*others, (TRACEPARENT, f"00-{trace_id}-{span_id}-01")))
    return request, (trace_id, span_id, parent_id)
