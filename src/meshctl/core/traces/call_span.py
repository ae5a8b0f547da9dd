"""A request that meshctl made itself, as the client span that everything it caused hangs below."""

from __future__ import annotations

from typing import Any

from meshctl.errors import MeshError
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanStatus

#: The service name of meshctl's own spans.
OURS = "meshctl"


def call_span(
    request: CallRequest,
    endpoint: Endpoint,
    ids: tuple[str, str, str],
    times: tuple[int, int],
    outcome: CallReply | MeshError,
) -> Span:
    """``ids`` are trace, span and parent ('' for none), ``times`` Unix nanoseconds of start and end.

    An answer that knows when its request was sent goes before ``times``, which count what was looked up too.
    Attributes follow OpenTelemetry's conventions for HTTP and RPC clients. Without an answer the span carries an
    exception.
    """
    trace_id, span_id, parent_id = ids
    host, _, port = endpoint.address.rpartition(":")
    attributes: dict[str, Any] = {
        "peer.service": endpoint.service,
        "mesh.instance": endpoint.instance,
        "server.address": host,
        "server.port": int(port) if port.isdecimal() else 0,
    }
    if request.method:
        attributes |= {
            "http.request.method": request.method,
            "url.full": f"http://{endpoint.address}{request.target}",
        }
    else:
        service, _, method = request.target.rpartition("/")
        attributes |= {"rpc.system.name": "grpc", "rpc.service": service, "rpc.method": method}
    failed, message = False, ""
    events: tuple[SpanEvent, ...] = ()
    if isinstance(outcome, CallReply):
        failed = not outcome.ok
        key = "http.response.status_code" if request.method else "rpc.response.status_code"
        attributes[key] = outcome.status
        message = str(outcome.status) if failed else ""
        if failed:
            attributes["error.type"] = message
        if outcome.began_ns:
            times = outcome.began_ns, outcome.began_ns + round(outcome.elapsed_ms * 1e6)
    else:
        failed, message = True, str(outcome)
        attributes["error.type"] = type(outcome).__name__
        details = {"exception.type": type(outcome).__name__, "exception.message": message}
        events = (SpanEvent("exception", times[1], details),)
    return Span(
        trace_id,
        span_id,
        parent_id,
        OURS,
        f"{request.method} {request.target.partition('?')[0]}" if request.method else request.target,
        SpanKind.CLIENT,
        times[0],
        times[1] - times[0],
        SpanStatus.ERROR if failed else SpanStatus.UNSET,
        message,
        scope=OURS,
        attributes=attributes,
        events=events,
    )
