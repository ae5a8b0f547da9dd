"""A real engine, an image that is on it, and a project that is swept away afterwards."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from meshctl.adapters.docker.runtime import DockerRuntime
from tests.images import base_image


@pytest.fixture(scope="session")
def image() -> str:
    """An image with ``sh``, ``sleep`` and ``python3``."""
    return base_image("MESH_PYTHON_BASE")


@pytest.fixture
def project() -> str:
    return f"ctr-docker-{secrets.token_hex(4)}"


@pytest.fixture
async def runtime(image: str, project: str) -> AsyncIterator[DockerRuntime]:
    runtime = DockerRuntime()
    try:
        yield runtime
    finally:
        await _sweep(runtime, project)
        await runtime.close()


async def _sweep(runtime: DockerRuntime, project: str) -> None:
    observed = await runtime.observe(project)
    await asyncio.gather(*(runtime.instances.remove(c.id) for c in observed.containers))
    for network in observed.networks:
        await runtime.networks.remove(network)
    for volume in observed.volumes:
        await runtime.volumes.remove(volume)
