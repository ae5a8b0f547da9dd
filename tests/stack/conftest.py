"""Real PostgreSQL, Redis and Consul for the tests of services, each in a container of its own."""

from __future__ import annotations

import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from stack.services.echo.app.service import NAME, EchoService

from mesh_protos.echo.v1.echo_pb2_grpc import add_EchoServiceServicer_to_server
from meshkit.grpc import serve_grpc
from tests.images import base_image
from tests.stack.recorded import Recorded, recording

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def container(image_name: str, port: int, **options: Any) -> Iterator[Any]:
    """A running container whose `port` is published; gone at the end."""
    import docker

    client = docker.from_env()
    name = f"ctr-test-{uuid.uuid4().hex[:8]}"
    published: Any = {f"{port}/tcp": ("127.0.0.1", None)}
    started = client.containers.run(image_name, name=name, detach=True, ports=published, **options)
    try:
        started.reload()
        yield started
    finally:
        started.remove(force=True, v=True)
        client.close()


def published(started: Any, port: int) -> int:
    """The host's port for a container's `port`."""
    return int(started.ports[f"{port}/tcp"][0]["HostPort"])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """The URL of a service's database, by the service's name."""
    init = {str(ROOT / "stack/postgres"): {"bind": "/docker-entrypoint-initdb.d", "mode": "ro"}}
    chosen = base_image("MESH_POSTGRES_IMAGE")
    with container(chosen, 5432, volumes=init, environment={"POSTGRES_PASSWORD": "postgres"}) as started:
        port = published(started, 5432)
        yield lambda service: f"postgresql+psycopg://{service}:{service}@127.0.0.1:{port}/{service}"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with container(base_image("MESH_REDIS_IMAGE"), 6379) as started:
        url = f"redis://127.0.0.1:{published(started, 6379)}/0"
        _answered(url)
        yield url


def _answered(url: str) -> None:
    """Return when Redis says PONG: its port is open before it listens."""
    from redis import Redis
    from redis.backoff import ConstantBackoff
    from redis.exceptions import ConnectionError, TimeoutError
    from redis.retry import Retry

    patient = Retry(ConstantBackoff(0.05), 200, supported_errors=(ConnectionError, TimeoutError))
    with Redis.from_url(url, retry=patient) as redis:
        redis.ping()


@pytest.fixture(scope="session")
def consul_url() -> Iterator[str]:
    command = ["agent", "-dev", "-client", "0.0.0.0", "-log-level", "warn"]
    with container(base_image("MESH_CONSUL_IMAGE"), 8500, command=command) as started:
        yield f"http://127.0.0.1:{published(started, 8500)}"


@pytest.fixture
def spans() -> Iterator[Recorded]:
    """The spans of this test."""
    with recording() as recorded:
        yield recorded


@pytest.fixture
def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def channel(free_port: int) -> AsyncIterator[grpc.aio.Channel]:
    """To an echo service that serves on `free_port`."""
    servicers = [(add_EchoServiceServicer_to_server, EchoService("echo-1"), NAME)]
    async with (
        serve_grpc(servicers, port=free_port),
        grpc.aio.insecure_channel(f"127.0.0.1:{free_port}") as channel,
    ):
        yield channel
