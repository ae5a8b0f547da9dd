"""A real collector on free ports, in the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from meshctl.collector.options import CollectorOptions, Listening
from meshctl.collector.server import serving

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """Where a collector listens, and a client for its HTTP ports."""

    ports: Listening
    client: httpx.AsyncClient

    @property
    def grpc(self) -> str:
        return f"{HOST}:{self.ports.grpc_port}"

    @property
    def otlp(self) -> str:
        return f"http://{HOST}:{self.ports.http_port}"

    @property
    def query(self) -> str:
        return f"http://{HOST}:{self.ports.query_port}"

    @property
    def address(self) -> str:
        return f"{HOST}:{self.ports.query_port}"

    async def post(self, body: bytes, content_type: str = "application/x-protobuf", **headers: str) -> httpx.Response:
        words = {"content-type": content_type, **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.client.post(f"{self.otlp}/v1/traces", content=body, headers=words)

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(f"{self.query}{path}", params=parameters or None)

    async def json(self, path: str, **parameters: Any) -> Any:
        answer = await self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a collector with some of its options; all end with the test."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Served:
            chosen = CollectorOptions(**{"grpc_port": 0, "http_port": 0, "query_port": 0, **options})
            ports = await stack.enter_async_context(serving(chosen))
            client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20.0))
            return Served(ports, client)

        yield start


@pytest.fixture
async def served(serve: Serve) -> Served:
    """One with the defaults."""
    return await serve()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait for a condition; fail when it does not come true."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 (what is waited for is in another process or behind a port)
            await asyncio.sleep(0.01)
