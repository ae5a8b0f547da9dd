"""A call of our own as a span: what it tells of the request and of what came back."""

from __future__ import annotations

import pytest

from meshctl.core.traces.call_span import call_span
from meshctl.errors import CallTimeout, MeshError
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.spans import Span, SpanKind, SpanStatus

IDS = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "")
HTTP = CallRequest("users", "GET", "/users/1?full=1")
GRPC = CallRequest("users", "", "users.v1.UserService/GetUser")


def made(request: CallRequest, outcome: CallReply | MeshError, address: str = "127.0.0.1:49153") -> Span:
    return call_span(request, Endpoint("users", "users-1", address), IDS, (1_000, 6_000), outcome)


def reply(status: int | str, *, ok: bool = True) -> CallReply:
    return CallReply("users", "users-1", "http", status, ok, 1.0)


def test_an_http_call_follows_the_conventions_of_an_http_client() -> None:
    span = made(HTTP, reply(200))
    assert (span.trace_id, span.span_id, span.parent_id) == IDS
    assert (span.service, span.name, span.kind) == ("meshctl", "GET /users/1", SpanKind.CLIENT)
    assert (span.start_ns, span.duration_ns, span.status, span.status_message) == (1_000, 5_000, SpanStatus.UNSET, "")
    assert span.attributes == {
        "peer.service": "users",
        "mesh.instance": "users-1",
        "server.address": "127.0.0.1",
        "server.port": 49153,
        "http.request.method": "GET",
        "url.full": "http://127.0.0.1:49153/users/1?full=1",
        "http.response.status_code": 200,
    }


def test_a_grpc_call_follows_those_of_an_rpc_client() -> None:
    span = made(GRPC, reply("OK"), "[::1]:50051")
    assert span.name == "users.v1.UserService/GetUser"
    told = {key: value for key, value in span.attributes.items() if key.startswith("rpc.")}
    assert told == {
        "rpc.system.name": "grpc",
        "rpc.service": "users.v1.UserService",
        "rpc.method": "GetUser",
        "rpc.response.status_code": "OK",
    }
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("[::1]", 50051)


@pytest.mark.parametrize(("request_", "status"), [(HTTP, 404), (HTTP, 503), (GRPC, "NOT_FOUND")])
def test_an_answer_that_is_an_error_is_one(request_: CallRequest, status: int | str) -> None:
    span = made(request_, reply(status, ok=False))
    assert (span.status, span.status_message) == (SpanStatus.ERROR, str(status))
    assert (span.attributes["error.type"], span.events) == (str(status), ())


def test_no_answer_is_an_exception_at_the_end() -> None:
    span = made(HTTP, CallTimeout("users-1 did not answer within 10 s"))
    assert (span.status, span.status_message) == (SpanStatus.ERROR, "users-1 did not answer within 10 s")
    (event,) = span.events
    assert (event.name, event.time_ns) == ("exception", 6_000)
    assert event.attributes == {
        "exception.type": "CallTimeout",
        "exception.message": "users-1 did not answer within 10 s",
    }
    assert span.attributes["error.type"] == "CallTimeout"
    assert "http.response.status_code" not in span.attributes
