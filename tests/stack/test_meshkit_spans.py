"""What each way in and out leaves in a trace, and what leaves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import httpx
import pytest
from fastapi import FastAPI
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.trace import SpanKind
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from tenacity import wait_none

from mesh_protos.echo.v1.echo_pb2 import EchoRequest, EchoStreamRequest
from mesh_protos.echo.v1.echo_pb2_grpc import EchoServiceStub
from meshkit import FixedDirectory, GrpcClient, HttpClient, UpstreamError, UpstreamUnavailable, mesh_app, tracing
from meshkit.breakers import breakers
from meshkit.clients import resilience
from meshkit.consul import Consul
from meshkit.redis import AsyncRedis, Redis
from meshkit.sql import observe
from tests.stack.recorded import Recorded, attributes, events, id_of, is_error, parent_of, trace_of

TRACE, SPAN = "1" * 32, "2" * 16
SENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(resilience, "_BACKOFF", wait_none())
    yield
    breakers.clear()


# HTTP in


@pytest.fixture
async def door() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.get("/items/{sku}")
    async def item(sku: str, status: int = 200) -> Any:
        if status == 500:
            raise RuntimeError("a bug")
        if status == 503:
            raise UpstreamUnavailable("stock", "no healthy instance is registered")
        return httpx_answer(status)

    mesh_app(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://it") as client:
        yield client


def httpx_answer(status: int) -> Any:
    from fastapi.responses import JSONResponse

    return JSONResponse({}, status)


async def test_a_request_is_one_server_span_named_by_its_route(door: httpx.AsyncClient, spans: Recorded) -> None:
    await door.get("/items/espresso", params={"status": 200}, headers=SENT)
    (span,) = spans
    assert (span.name, span.kind) == ("GET /items/{sku}", SpanKind.SERVER)
    assert (trace_of(span), parent_of(span)) == (TRACE, SPAN)
    told = attributes(span)
    assert told["http.route"] == "/items/{sku}"
    assert (told["url.path"], told["url.query"]) == ("/items/espresso", "status=200")
    assert told["http.response.status_code"] == 200
    assert not is_error(span)


@pytest.mark.parametrize(("status", "error"), [(404, False), (409, False), (500, True), (503, True)])
async def test_only_what_the_server_did_wrong_is_its_error(
    door: httpx.AsyncClient, spans: Recorded, status: int, error: bool
) -> None:
    await door.get("/items/espresso", params={"status": status})
    (span,) = spans
    assert attributes(span)["http.response.status_code"] == status
    assert is_error(span) is error
    assert ("exception" in events(span)) is error


async def test_a_rate_limit_is_told(door: httpx.AsyncClient, spans: Recorded) -> None:
    await door.get("/items/espresso", params={"status": 429})
    (span,) = spans
    assert attributes(span)["mesh.rate_limited"] is True
    assert not is_error(span)


async def test_probes_and_scrapes_leave_no_span(door: httpx.AsyncClient, spans: Recorded) -> None:
    for path in ("/health", "/metrics"):
        await door.get(path, headers=SENT)
    assert spans.names() == []


async def test_an_unknown_path_is_named_by_its_method_alone(door: httpx.AsyncClient, spans: Recorded) -> None:
    await door.get("/nowhere/17")
    assert spans.names() == ["GET"]


# HTTP out


def client(*statuses: int, target: str = "stock", attempts: int = 3) -> tuple[HttpClient, list[httpx.Request]]:
    left, requests = list(statuses), []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(left.pop(0) if len(left) > 1 else left[0])

    directory = FixedDirectory({target: ["http://one:8000"]})
    made = HttpClient(target, attempts=attempts, directory=directory, transport=httpx.MockTransport(answer))
    return made, requests


async def test_attempts_are_siblings_with_a_retry_event_between_them(spans: Recorded) -> None:
    stock, requests = client(503, 503, 201)
    with tracing.span("order"):
        await stock.request("POST", "/reserve", idempotent=True)
    order, attempts = spans.one("order"), spans.all("POST /reserve")
    assert {parent_of(span) for span in attempts} == {id_of(order)}
    assert [attributes(span)["mesh.attempt"] for span in attempts] == [1, 2, 3]
    assert [is_error(span) for span in attempts] == [True, True, False]
    assert [attributes(span)["http.response.status_code"] for span in attempts] == [503, 503, 201]
    assert {attributes(span)["peer.service"] for span in attempts} == {"stock"}
    assert {attributes(span)["mesh.instance"] for span in attempts} == {"stock-1"}
    retries = [dict(event.attributes or {}) for event in order.events if event.name == "retry"]
    assert [one["attempt"] for one in retries] == [1, 2]
    assert all(isinstance(one["wait_s"], float) for one in retries)
    assert [request.headers["traceparent"][36:52] for request in requests] == [id_of(span) for span in attempts]


async def test_a_refusal_is_an_error_for_the_client(spans: Recorded) -> None:
    stock, _ = client(409)
    with tracing.span("order"):
        await stock.request("POST", "/reserve")
    assert is_error(spans.one("POST /reserve"))
    assert not is_error(spans.one("order"))


async def test_an_open_breaker_is_a_span_that_says_so(spans: Recorded) -> None:
    stock, requests = client(500, target="shaky")
    with tracing.span("order"):
        for _ in range(6):
            with pytest.raises(UpstreamError):
                await stock.request("GET", "/items/17")
    *sent, short = spans.all("GET /items/{id}")
    assert len(requests) == len(sent) == 5
    told = attributes(short)
    assert told["mesh.short_circuit"] is True
    assert (told["mesh.breaker.state"], told["peer.service"], told["mesh.attempt"]) == ("open", "shaky", 1)
    assert is_error(short)
    changed = events(sent[-1])["breaker.state"]
    assert changed == {"caller": "service", "target": "shaky", "from": "closed", "to": "open"}


async def test_nobody_to_call_is_an_attempt_that_failed(spans: Recorded) -> None:
    nobody = HttpClient("nobody", attempts=1, directory=FixedDirectory({}))
    with tracing.span("order"), pytest.raises(UpstreamUnavailable):
        await nobody.request("GET", "/")
    assert is_error(spans.one("GET /"))


async def test_a_call_that_nobody_asked_for_is_one_trace_with_all_its_attempts(spans: Recorded) -> None:
    stock, _ = client(503, 200)
    await stock.request("GET", "/")
    assert parent_of(spans.one("call stock")) == ""
    assert {parent_of(span) for span in spans.all("GET /")} == {id_of(spans.one("call stock"))}


async def test_talking_to_the_registry_leaves_no_span(spans: Recorded) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "traceparent" not in request.headers
        return httpx.Response(200, json=[], headers={"X-Consul-Index": "1"})

    consul = Consul("http://consul:8500", transport=httpx.MockTransport(answer))
    with tracing.span("order"):
        await consul.healthy("stock", index=1)
        await consul.deregister("orders-1")
    assert spans.names() == ["order"]


# gRPC


async def test_a_grpc_call_is_a_client_and_a_server_span(channel: Any, free_port: int, spans: Recorded) -> None:
    echo = GrpcClient("echo", EchoServiceStub, directory=FixedDirectory({"echo": [f"http://127.0.0.1:{free_port}"]}))
    with tracing.span("order"):
        await echo.call("Echo", EchoRequest(message="hello"))
    await echo.close()
    (server,), (called,) = spans.kind(SpanKind.SERVER), spans.kind(SpanKind.CLIENT)
    assert called.name == server.name == "echo.v1.EchoService/Echo"
    assert parent_of(called) == id_of(spans.one("order"))
    assert (parent_of(server), trace_of(server)) == (id_of(called), trace_of(called))
    assert attributes(called)["peer.service"] == "echo"
    assert {attributes(span)["rpc.response.status_code"] for span in (called, server)} == {"OK"}


async def test_a_grpc_refusal_is_an_error_of_the_caller_only(channel: Any, free_port: int, spans: Recorded) -> None:
    stream = EchoServiceStub(channel).EchoStream(EchoStreamRequest(count=-1), metadata=tuple(SENT.items()))
    with pytest.raises(grpc.aio.AioRpcError):
        await stream.read()
    (server,) = spans
    assert (trace_of(server), parent_of(server)) == (TRACE, SPAN)
    assert attributes(server)["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert not is_error(server)


async def test_grpc_health_leaves_no_span(channel: Any, spans: Recorded) -> None:
    check = health_pb2_grpc.HealthStub(channel).Check
    await check(health_pb2.HealthCheckRequest(), metadata=tuple(SENT.items()))
    assert spans.names() == []


# SQL


@pytest.fixture
def database() -> Iterator[Engine]:
    """In memory, observed."""
    engine = create_engine("sqlite://")
    observe(engine)
    yield engine
    engine.dispose()


def test_a_statement_is_a_span_without_values(database: Engine, spans: Recorded) -> None:
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE users (id int, name text)"))
        with tracing.span("order"):
            connection.execute(text("INSERT INTO users VALUES (:id, :name)"), [{"id": 1, "name": "Ada"}])
            assert connection.execute(text("SELECT name FROM users WHERE id = :id"), {"id": 1}).scalar() == "Ada"
    assert spans.names() == ["INSERT users", "SELECT users", "order"]
    told = attributes(spans.one("SELECT users"))
    assert told["db.query.text"] == "SELECT name FROM users WHERE id = ?"
    assert (told["db.system.name"], told["db.operation.name"]) == ("sqlite", "SELECT")
    assert parent_of(spans.one("SELECT users")) == id_of(spans.one("order"))


def test_a_statement_that_fails_is_an_error(database: Engine, spans: Recorded) -> None:
    with tracing.span("order"), database.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT * FROM nowhere"))
    assert is_error(spans.one("SELECT nowhere"))


def test_polling_a_database_leaves_no_span(database: Engine, spans: Recorded) -> None:
    with database.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert spans.names() == []


# Redis


@pytest.mark.docker
async def test_redis_commands_are_spans_within_a_trace(redis_url: str, spans: Recorded) -> None:
    redis = AsyncRedis.from_url(redis_url, decode_responses=True)
    await redis.set("polled", "1")
    with tracing.span("order"):
        await redis.set("secret key", "secret value")
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hset("h", "a", "b")
            pipe.hgetall("h")
            assert (await pipe.execute())[1] == {"a": "b"}
    await redis.aclose()
    assert spans.names() == ["SET", "MULTI", "order"]
    assert attributes(spans.one("MULTI"))["db.query.text"] == "HSET HGETALL"
    assert attributes(spans.one("MULTI"))["db.operation.batch.size"] == 2
    assert "secret" not in str([attributes(span) for span in spans])


@pytest.mark.docker
def test_the_sync_client_does_the_same(redis_url: str, spans: Recorded) -> None:
    redis = Redis.from_url(redis_url)
    redis.get("polled")
    with tracing.span("task"):
        redis.get("a")
        with redis.pipeline(transaction=False) as pipe:
            pipe.get("a")
            pipe.get("b")
            pipe.execute()
    redis.close()
    assert spans.names() == ["GET", "PIPELINE", "task"]
    assert parent_of(spans.one("GET")) == id_of(spans.one("task"))


async def test_an_absent_redis_is_an_error(free_port: int, spans: Recorded) -> None:
    redis = AsyncRedis.from_url(f"redis://127.0.0.1:{free_port}/3")
    with tracing.span("order"), pytest.raises(ConnectionError):
        try:
            await redis.get("a")
        except Exception as error:
            raise ConnectionError from error
    await redis.aclose()
    told = spans.one("GET")
    assert is_error(told)
    assert (attributes(told)["server.port"], attributes(told)["db.namespace"]) == (free_port, "3")
