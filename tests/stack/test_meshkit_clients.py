"""Outgoing calls: which failures are retried, what the caller sees, and what the breaker makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from prometheus_client import REGISTRY
from tenacity import wait_none

from mesh_protos.users.v1.users_pb2 import GetUserRequest, User
from mesh_protos.users.v1.users_pb2_grpc import (
    UserServiceServicer,
    UserServiceStub,
    add_UserServiceServicer_to_server,
)
from meshkit import FixedDirectory, GrpcClient, HttpClient, UpstreamError, UpstreamUnavailable, tracing
from meshkit.breakers import FAIL_MAX, breakers
from meshkit.clients import resilience
from tests.stack.recorded import Recorded

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(resilience, "_BACKOFF", wait_none())
    yield
    breakers.clear()


class Upstream:
    """A service with two instances that answers with what it was given, in turn; the last answer repeats."""

    def __init__(self, *answers: int | type[Exception]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, int):
            return httpx.Response(answer, json={"n": len(self.requests)})
        raise answer("broken", request=request)  # type: ignore[call-arg]

    def client(self, target: str = "stock", attempts: int = 3) -> HttpClient:
        directory = FixedDirectory({target: ["http://one:1", "http://two:2"]})
        return HttpClient(target, attempts=attempts, directory=directory, transport=httpx.MockTransport(self))


def header(span: ReadableSpan) -> str:
    """The `traceparent` of a span, whatever its flags."""
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def series(name: str, target: str) -> float:
    return REGISTRY.get_sample_value(name, {"caller": "service", "target": target}) or 0.0


async def test_statuses_below_500_are_the_answer() -> None:
    upstream = Upstream(409)
    answer = await upstream.client().request("POST", "/reserve", json={"a": 1})
    assert (answer.status_code, len(upstream.requests)) == (409, 1)


async def test_instances_take_turns_and_hear_of_their_attempts_span(spans: Recorded) -> None:
    upstream = Upstream(200)
    client = upstream.client()
    with tracing.span("test"):
        for _ in range(3):
            await client.request("GET", "/")
    assert [request.url.host for request in upstream.requests] == ["one", "two", "one"]
    assert [header(span) for span in spans.all("GET /")] == [
        request.headers["traceparent"] for request in upstream.requests
    ]


@pytest.mark.parametrize("failure", [502, 503, 504, httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
async def test_an_idempotent_call_is_sent_again(failure: int | type[Exception]) -> None:
    upstream = Upstream(failure, failure, 200)
    answer = await upstream.client().request("GET", "/")
    assert answer.json() == {"n": 3}


@pytest.mark.parametrize(
    ("method", "idempotent", "failure", "attempts"),
    [
        ("POST", None, 503, 1),
        ("POST", None, httpx.ReadTimeout, 1),
        ("POST", None, httpx.ConnectError, 3),
        ("POST", None, httpx.ConnectTimeout, 3),
        ("POST", True, 503, 3),
        ("POST", True, httpx.ReadTimeout, 3),
        ("DELETE", None, 503, 3),
        ("GET", False, 503, 1),
    ],
)
async def test_what_may_have_arrived_is_only_repeated_if_idempotent(
    method: str, idempotent: bool | None, failure: int | type[Exception], attempts: int
) -> None:
    upstream = Upstream(failure)
    with pytest.raises(UpstreamUnavailable):
        await upstream.client().request(method, "/", idempotent=idempotent)
    assert len(upstream.requests) == attempts


async def test_another_server_error_is_not_repeated() -> None:
    upstream = Upstream(500)
    with pytest.raises(UpstreamError) as caught:
        await upstream.client().request("GET", "/")
    assert (caught.value.status, len(upstream.requests)) == (500, 1)
    assert not isinstance(caught.value, UpstreamUnavailable)


async def test_nobody_registered_is_unavailable() -> None:
    client = HttpClient("nobody", directory=FixedDirectory({}))
    with pytest.raises(UpstreamUnavailable, match="no healthy instance"):
        await client.request("GET", "/")


async def test_the_breaker_opens_after_failures_and_short_circuits() -> None:
    upstream = Upstream(500)
    client = upstream.client("shaky")
    before = {name: series(name, "shaky") for name in ("mesh_calls_total", "mesh_call_rejections_total")}
    for _ in range(FAIL_MAX):
        with pytest.raises(UpstreamError):
            await client.request("GET", "/")
    assert series("mesh_breaker_state", "shaky") == 2
    with pytest.raises(UpstreamUnavailable, match="breaker is open") as caught:
        await client.request("GET", "/")
    assert caught.value.rejected
    assert len(upstream.requests) == FAIL_MAX
    assert series("mesh_calls_total", "shaky") == before["mesh_calls_total"] + FAIL_MAX
    assert series("mesh_call_rejections_total", "shaky") == before["mesh_call_rejections_total"] + 1


@pytest.mark.parametrize(("answer", "state"), [(200, 0), (500, 2)])
async def test_the_trial_call_decides(answer: int, state: int) -> None:
    upstream = Upstream(answer)
    client = upstream.client("trial")
    breakers["trial"].half_open()
    assert series("mesh_breaker_state", "trial") == 1
    try:
        await client.request("GET", "/")
    except UpstreamError as error:
        assert error.status == 500
    assert series("mesh_breaker_state", "trial") == state


async def test_a_change_of_state_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    Upstream(200).client("logged")
    breakers["logged"].open()
    line = capsys.readouterr().out
    assert '"event": "breaker.state"' in line
    assert '"old": "closed", "new": "open"' in line


class Users(UserServiceServicer):
    """Answers GetUser with the codes it was given, then with a user."""

    def __init__(self, *codes: grpc.StatusCode) -> None:
        self.codes = list(codes)
        self.calls = 0
        self.traceparents: list[str] = []

    async def GetUser(self, request: GetUserRequest, context: grpc.aio.ServicerContext[GetUserRequest, User]) -> User:
        self.calls += 1
        self.traceparents.append(str(dict(context.invocation_metadata() or ()).get("traceparent", "")))
        if self.codes:
            await context.abort(self.codes.pop(0), "so it was told")
        return User(id=request.id, name="Ada")


class Served:
    """`Users` on a port of its own."""

    def __init__(self, users: Users) -> None:
        self.users = users

    async def __aenter__(self) -> GrpcClient:
        self.server = grpc.aio.server()
        add_UserServiceServicer_to_server(self.users, self.server)
        port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()
        directory = FixedDirectory({"users": [f"http://127.0.0.1:{port}"]})
        self.client = GrpcClient("users", UserServiceStub, directory=directory)
        return self.client

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.server.stop(None)


async def test_a_grpc_read_is_sent_again_each_time_with_its_own_span(spans: Recorded) -> None:
    users = Users(grpc.StatusCode.UNAVAILABLE)
    async with Served(users) as client:
        with tracing.span("test"):
            user = await client.call("GetUser", GetUserRequest(id=7))
    assert (user.id, users.calls) == (7, 2)
    assert users.traceparents == [header(span) for span in spans.all("users.v1.UserService/GetUser")]


async def test_a_grpc_refusal_is_the_callers_to_see_and_no_failure() -> None:
    users = Users(*[grpc.StatusCode.NOT_FOUND] * (FAIL_MAX + 1))
    async with Served(users) as client:
        for _ in range(FAIL_MAX + 1):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await client.call("GetUser", GetUserRequest(id=7))
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert breakers["users"].current_state == "closed"
    assert users.calls == FAIL_MAX + 1


async def test_a_broken_grpc_service_is_an_upstream_error() -> None:
    users = Users(grpc.StatusCode.INTERNAL)
    async with Served(users) as client:
        with pytest.raises(UpstreamError, match="INTERNAL"):
            await client.call("GetUser", GetUserRequest(id=7))
    assert users.calls == 1


async def test_a_grpc_write_is_not_repeated() -> None:
    users = Users(grpc.StatusCode.UNAVAILABLE)
    async with Served(users) as client:
        with pytest.raises(UpstreamUnavailable):
            await client.call("GetUser", GetUserRequest(id=7), idempotent=False)
    assert users.calls == 1
