"""The contracts of the registry and of its keys, against a real Consul agent in a container of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from meshctl.adapters.consul.kv import ConsulKeyValue
from meshctl.adapters.consul.watch import ConsulRegistry
from meshctl.core.registry import complaint, fold_checks
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import Check, CheckStatus, Registration, RegistryCheckKind
from meshctl.ports.registry import KeyValue, Registry
from tests.adapters.contract_key_value import KeyValueBackstage, KeyValueContract
from tests.adapters.contract_registry import WAIT_S, Backstage, RegistryContract, orders
from tests.adapters.http_double import refused
from tests.images import base_image


class Agent:
    """Registers through the agent's own API, as a service would."""

    def __init__(self, address: str, container: Any) -> None:
        self.address = address
        self._container = container

    async def register(self, registration: Registration) -> None:
        (check,) = registration.checks
        # A status that changes reaches the catalogue at once, and takes the output along.
        other = "passing" if check.status is not CheckStatus.PASSING else "critical"
        service = {
            "ID": registration.id,
            "Name": registration.service,
            "Address": registration.address,
            "Port": registration.port,
            "Tags": list(registration.tags),
            "Meta": dict(registration.meta),
            "Check": {"CheckID": check.id, "Name": check.name, "TTL": "10m", "Status": other},
        }
        await self.put("/v1/agent/service/register", service)
        update = {"Status": check.status.value, "Output": check.output}
        await self.put(f"/v1/agent/check/update/{check.id}", update)

    async def forget(self, instance_id: str) -> None:
        await self.put(f"/v1/agent/service/deregister/{instance_id}", None)

    def connect(self) -> KeyValue:
        return ConsulKeyValue(self.address)

    async def restart(self) -> None:
        await asyncio.to_thread(self._container.restart, timeout=0)
        await _ready(self.address)

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
    address = refused()  # the engine would publish it somewhere else after a restart
    container = await asyncio.to_thread(
        engine.containers.run,
        base_image("MESH_CONSUL_IMAGE"),
        ["agent", "-dev", "-client", "0.0.0.0", "-log-level", "warn"],
        name=f"ctr-net-{uuid.uuid4().hex[:8]}",
        detach=True,
        ports={"8500/tcp": ("127.0.0.1", int(address.rpartition(":")[2]))},
    )
    try:
        await _ready(address)
        yield Agent(address, container)
    finally:
        await asyncio.to_thread(container.remove, force=True, v=True)


@pytest.fixture
def registry(backstage: Agent) -> Registry:
    return ConsulRegistry(backstage.address)


@pytest.fixture
def store_backstage(backstage: Agent) -> KeyValueBackstage:
    return backstage


@pytest.fixture
def store(backstage: Agent) -> KeyValue:
    return backstage.connect()


@pytest.mark.docker
class TestConsulKeyValue(KeyValueContract):
    pass


@pytest.mark.docker
class TestConsul(RegistryContract):
    async def test_what_a_failing_check_says_is_fresh(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        await backstage.register(orders(1, CheckStatus.CRITICAL, "connection refused"))
        update = {"Status": "critical", "Output": "503 database unreachable"}
        await backstage.put("/v1/agent/check/update/service:orders-1", update)
        assert complaint(await _checks(registry, "orders-1")) == "503 database unreachable"

    async def test_every_kind_of_check_is_told_apart(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        await backstage.register(orders(1))
        asked = {"ServiceID": "orders-1", "ID": "port", "Name": "port", "TCP": "127.0.0.1:1", "Interval": "10m"}
        await backstage.put("/v1/agent/check/register", asked | {"Status": "warning"})
        await backstage.put("/v1/agent/check/register", {"ID": "disk", "Name": "disk", "TTL": "10m"})
        await backstage.put("/v1/agent/service/maintenance/orders-1?enable=true&reason=moving", None)
        checks = {check.id: check for check in await _checks(registry, "orders-1")}
        assert {name: (check.kind.value, check.status.value) for name, check in checks.items()} == {
            "serfHealth": ("node", "passing"),
            "disk": ("node", "critical"),
            "service:orders-1": ("ttl", "passing"),
            "port": ("service", "warning"),
            "_service_maintenance:orders-1": ("maintenance", "critical"),
        }
        assert complaint(tuple(checks.values())) == "moving"
        assert fold_checks(tuple(checks.values())) is CheckStatus.MAINTENANCE

    async def test_a_nodes_maintenance_counts_for_its_instances(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        await backstage.put("/v1/agent/maintenance?enable=true&reason=moving", None)
        (consul,) = [r for r in await registry.registrations() if r.service == "consul"]
        assert (fold_checks(consul.checks), complaint(consul.checks)) == (CheckStatus.MAINTENANCE, "moving")
        await backstage.put("/v1/agent/maintenance?enable=false", None)
        (consul,) = [r for r in await registry.registrations() if r.service == "consul"]
        assert fold_checks(consul.checks) is CheckStatus.PASSING

    async def test_a_ttl_that_has_run_out_is_critical(self, registry: Registry, backstage: Backstage) -> None:
        assert isinstance(backstage, Agent)
        check = {"CheckID": "alive", "TTL": "1ms", "Status": "passing"}
        await backstage.put("/v1/agent/service/register", {"ID": "orders-1", "Name": "orders", "Check": check})
        async with asyncio.timeout(WAIT_S), aclosing(registry.watch()) as pictures:  # type: ignore[type-var]
            async for picture in pictures:
                found = {c.id: c for r in picture if r.id == "orders-1" for c in r.checks}["alive"]
                if found.status is CheckStatus.CRITICAL:
                    assert found.kind is RegistryCheckKind.TTL
                    assert "TTL expired" in found.output
                    return


async def _checks(registry: Registry, instance: str) -> tuple[Check, ...]:
    (found,) = [r for r in await registry.registrations() if r.id == instance]
    return found.checks


async def _ready(address: str) -> None:
    """Until the agent is its own leader and lists itself."""
    async with asyncio.timeout(20):
        while True:
            try:
                if await ConsulRegistry(address).registrations():
                    return
            except RegistryUnavailable:
                await asyncio.sleep(0.05)
