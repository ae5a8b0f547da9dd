"""`register_worker`: health and metrics of a process without FastAPI."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from meshkit.consul import Consul
from meshkit.settings import settings
from meshkit.worker import register_worker


def test_health_and_metrics_are_served_until_it_leaves(free_port: int) -> None:
    with register_worker(port=free_port) as worker:
        url = f"http://127.0.0.1:{free_port}"
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
        assert "mesh_breaker_state" in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/else").status_code == 404
    worker.leave()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_health_tells_what_is_wrong(free_port: int) -> None:
    def ready() -> None:
        raise ConnectionError("the broker does not answer")

    with register_worker(port=free_port, ready=ready):
        answer = httpx.get(f"http://127.0.0.1:{free_port}/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the broker does not answer")


@pytest.mark.docker
async def test_it_is_registered_while_it_works(
    consul_url: str, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSUL_HTTP_ADDR", consul_url)
    monkeypatch.setenv("MESH_INSTANCE", "worker-1")
    settings.cache_clear()
    consul = Consul(consul_url)
    try:
        worker = register_worker(port=free_port)
        async with asyncio.timeout(20):
            while await consul.registered_address("worker-1") is None:
                continue
        worker.leave()
        assert await consul.registered_address("worker-1") is None
    finally:
        settings.cache_clear()
        await consul.close()
