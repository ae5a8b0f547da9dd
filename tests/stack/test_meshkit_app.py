"""`mesh_app`: health, metrics, errors and logs of a FastAPI application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from meshkit import UpstreamError, UpstreamUnavailable, log, mesh_app, tracing

TRACE = "1" * 32


def application(ready: Callable[[], Awaitable[None]] | None = None) -> FastAPI:
    app = FastAPI()

    @app.get("/unavailable")
    async def unavailable() -> None:
        raise UpstreamUnavailable("stock", "no healthy instance is registered")

    @app.get("/broken")
    async def broken() -> None:
        raise UpstreamError("stock", "stock-1 answered 500", status=500)

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("a bug")

    @app.get("/trace")
    async def trace() -> str:
        log.info("in.the.handler", answer=42)
        context = tracing.current()
        return context.trace_id if context else ""

    mesh_app(app, ready=ready)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def health(ready: Callable[[], Awaitable[None]]) -> httpx.Response:
    transport = httpx.ASGITransport(application(ready))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.get("/health")


async def test_health_is_ok_without_a_condition(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_health_tells_what_is_wrong() -> None:
    async def ready() -> None:
        raise ConnectionError("database: connection refused")

    answer = await health(ready)
    assert answer.status_code == 503
    assert answer.json()["reason"] == "database: connection refused"


@pytest.mark.parametrize(("path", "status"), [("/unavailable", 503), ("/broken", 502)])
async def test_a_failed_upstream_is_named(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path, headers={"traceparent": f"00-{TRACE}-{'2' * 16}-01"})
    assert answer.status_code == status
    assert answer.json()["target"] == "stock"
    assert answer.json()["trace_id"] == TRACE


async def test_a_crash_is_a_json_500_with_its_trace(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get("/crash", headers={"traceparent": f"00-{TRACE}-{'2' * 16}-01"})
    assert (answer.status_code, answer.json()["trace_id"]) == (500, TRACE)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    crash = next(line for line in lines if line["event"] == "http.crash")
    assert "a bug" in crash["exception"]
    assert crash["trace_id"] == TRACE


async def test_logs_carry_the_trace(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await client.get("/trace", headers={"traceparent": f"00-{TRACE}-{'2' * 16}-01"})
    assert answer.json() == TRACE
    inside, request = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(inside)[:3] == ["timestamp", "level", "event"]
    assert (inside["event"], inside["answer"], inside["trace_id"]) == ("in.the.handler", 42, TRACE)
    assert (request["event"], request["path"], request["status"]) == ("http.request", "/trace", 200)
    assert inside["span_id"] == request["span_id"] != "2" * 16


async def test_metrics_leave_probes_out(client: httpx.AsyncClient) -> None:
    await client.get("/trace")
    await client.get("/health")
    text = (await client.get("/metrics")).text
    assert 'http_requests_total{handler="/trace",method="GET",status="200"}' in text
    assert 'handler="/health"' not in text
