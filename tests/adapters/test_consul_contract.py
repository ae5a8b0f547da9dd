"""The registry's contract, against a real Consul agent in a container of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from meshctl.adapters.consul import ConsulRegistry
from meshctl.errors import RegistryUnavailable
from meshctl.model.status import CheckStatus, Registration
from meshctl.ports.registry import Registry
from tests.adapters.contract_registry import Backstage, RegistryContract, orders
from tests.images import base_image


class Agent:
    """Registers through the agent's own API, as a service would."""

    def __init__(self, address: str, container: Any) -> None:
        self.address = address
        self._container = container

    async def register(self, registration: Registration) -> None:
        # A status that changes reaches the catalogue at once, and takes the output along.
        other = "passing" if registration.status is not CheckStatus.PASSING else "critical"
        check = {"CheckID": registration.id, "TTL": "10m", "Status": other}
        service = {
            "ID": registration.id,
            "Name": registration.service,
            "Address": registration.address,
            "Port": registration.port,
            "Tags": list(registration.tags),
            "Meta": dict(registration.meta),
            "Check": check,
        }
        await self.put("/v1/agent/service/register", service)
        update = {"Status": registration.status.value, "Output": registration.output}
        await self.put(f"/v1/agent/check/update/{registration.id}", update)

    async def forget(self, instance_id: str) -> None:
        await self.put(f"/v1/agent/service/deregister/{instance_id}", None)

    async def stop(self) -> None:
        await asyncio.to_thread(self._container.kill)

    async def put(self, path: str, content: Any) -> None:
        await asyncio.to_thread(self._put, path, content)

    def _put(self, path: str, content: Any) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request("PUT", path, json.dumps(content))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
        finally:
            connection.close()


@pytest.fixture
def engine() -> Iterator[Any]:
    import docker

    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
async def backstage(engine: Any) -> AsyncIterator[Agent]:
    container = await asyncio.to_thread(
        engine.containers.run,
        base_image("MESH_CONSUL_IMAGE"),
        ["agent", "-dev", "-client", "0.0.0.0", "-log-level", "warn"],
        name=f"ctr-net-{uuid.uuid4().hex[:8]}",
        detach=True,
        ports={"8500/tcp": ("127.0.0.1", None)},
    )
    try:
        container.reload()
        (published,) = container.ports["8500/tcp"]
        address = f"127.0.0.1:{published['HostPort']}"
        await _ready(address)
        yield Agent(address, container)
    finally:
        await asyncio.to_thread(container.remove, force=True, v=True)


@pytest.fixture
def registry(backstage: Agent) -> Registry:
    return ConsulRegistry(backstage.address)


@pytest.mark.docker
class TestConsul(RegistryContract):
    async def test_what_a_failing_check_says_is_fresh(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        await backstage.register(orders(1, CheckStatus.CRITICAL, "connection refused"))
        update = {"Status": "critical", "Output": "503 database unreachable"}
        await backstage.put("/v1/agent/check/update/orders-1", update)
        (found,) = [r for r in await registry.registrations() if r.id == "orders-1"]
        assert found.output == "503 database unreachable"

    async def test_a_check_of_the_node_counts_for_its_instances(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        await backstage.put("/v1/agent/maintenance?enable=true&reason=moving", None)
        (consul,) = [r for r in await registry.registrations() if r.service == "consul"]
        assert (consul.status, consul.output) == (CheckStatus.CRITICAL, "moving")


async def _ready(address: str) -> None:
    """Until the agent is its own leader and lists itself."""
    async with asyncio.timeout(20):
        while True:
            try:
                if await ConsulRegistry(address).registrations():
                    return
            except RegistryUnavailable:
                await asyncio.sleep(0.05)
