"""Registration and discovery: what is told to Consul, and what happens when Consul forgets or goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest

from meshkit.consul import Consul, Instance, definition
from meshkit.discovery import ConsulDirectory, Watch
from meshkit.errors import UpstreamUnavailable
from meshkit.registration import Ports, Registration
from meshkit.settings import Settings, read_settings


class FakeAgent:
    """An agent in memory: registrations, and health answers that come at once."""

    def __init__(self) -> None:
        self.services: dict[str, dict[str, object]] = {}
        self.away = False
        self.index = 10
        self._asked = asyncio.Event()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look after every request, until it holds."""
        async with asyncio.timeout(20):
            while not holds():
                self._asked.clear()
                await self._asked.wait()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self._asked.set()
        if self.away:
            raise httpx.ConnectError("connection refused", request=request)
        path = request.url.path.removeprefix("/v1")
        if path == "/agent/service/register":
            body = json.loads(request.content)
            self.services[body["ID"]] = body
            return httpx.Response(200)
        if path.startswith("/agent/service/deregister/"):
            found = self.services.pop(path.rpartition("/")[2], None)
            return httpx.Response(200 if found else 404)
        if path.startswith("/agent/service/"):
            found = self.services.get(path.rpartition("/")[2])
            return httpx.Response(200, json=found) if found else httpx.Response(404)
        return self._health(path.rpartition("/")[2])

    def _health(self, name: str) -> httpx.Response:
        node = {"Node": {"Address": "10.0.0.1"}}
        found = [{**node, "Service": one} for one in self.services.values() if one["Name"] == name]
        return httpx.Response(200, json=found, headers={"X-Consul-Index": str(self.index)})

    def add(self, name: str, number: int) -> None:
        self.services[f"{name}-{number}"] = definition(
            name=name,
            service_id=f"{name}-{number}",
            project="shop",
            address=f"10.0.0.{number}",
            port=8000,
            grpc_port=None,
            passing=True,
        )

    def client(self) -> Consul:
        return Consul("http://127.0.0.1:8500", transport=httpx.MockTransport(self))


OWN = read_settings({"MESH_PROJECT": "shop", "MESH_SERVICE": "users", "MESH_INSTANCE": "users-1"})


async def well() -> bool:
    return True


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so; each time is a request to a real Consul."""
    async with asyncio.timeout(20):
        while not await condition():
            pass


async def test_a_service_with_both_doors_is_registered_under_http() -> None:
    agent = FakeAgent()
    assert await Registration(agent.client(), OWN, Ports(8000, 50051), well).ensure()
    told = agent.services["users-1"]
    assert (told["Name"], told["Address"], told["Port"]) == ("users", "127.0.0.1", 8000)
    assert told["Meta"] == {"project": "shop", "http_port": "8000", "grpc_port": "50051"}
    assert told["Tags"] == ["project=shop", "http", "grpc"]
    assert told["Check"] == {
        "Name": "users answers",
        "HTTP": "http://127.0.0.1:8000/health",
        "Interval": "1s",
        "Timeout": "2s",
        "DeregisterCriticalServiceAfter": "1m",
        "Status": "passing",
    }


async def test_a_service_with_only_grpc_is_checked_by_grpc() -> None:
    agent = FakeAgent()
    await Registration(agent.client(), OWN, Ports(50051, 50051), well).ensure()
    told = agent.services["users-1"]
    assert told["Meta"] == {"project": "shop", "grpc_port": "50051"}
    assert told["Tags"] == ["project=shop", "grpc"]
    assert told["Check"]["GRPC"] == "127.0.0.1:50051"  # type: ignore[index]


async def test_a_forgotten_or_moved_instance_is_registered_again() -> None:
    agent = FakeAgent()
    registration = Registration(agent.client(), OWN, Ports(8000), well)
    assert await registration.ensure()
    assert not await registration.ensure()
    agent.services["users-1"]["Address"] = "10.9.9.9"
    assert await registration.ensure()
    agent.services.clear()
    assert await registration.ensure()


async def test_nothing_is_registered_before_the_service_listens() -> None:
    agent = FakeAgent()
    asked = 0

    async def late() -> bool:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise ConnectionRefusedError
        return False

    registration = Registration(agent.client(), OWN, Ports(8000), late)
    registration.begin()
    await agent.until(lambda: "users-1" in agent.services)
    assert agent.services["users-1"]["Check"]["Status"] == "critical"  # type: ignore[index]
    await registration.leave()
    await registration.leave()
    assert agent.services == {}


async def test_leaving_without_consul_is_not_an_error() -> None:
    agent = FakeAgent()
    registration = Registration(agent.client(), OWN, Ports(8000), well)
    registration.begin()
    await agent.until(lambda: "users-1" in agent.services)
    agent.away = True
    await registration.leave()


async def test_a_watch_keeps_the_last_list_while_consul_is_away() -> None:
    agent, now = FakeAgent(), 0.0
    agent.add("users", 1)
    watch = Watch(agent.client(), "users", clock=lambda: now)
    task = asyncio.create_task(watch.run())
    await watch.answered.wait()
    agent.away = True
    await agent.until(lambda: watch._away)
    assert [one.id for one in watch.known] == ["users-1"]
    task.cancel()


async def test_a_restarted_consul_gets_time_to_learn_who_is_there() -> None:
    agent, now = FakeAgent(), 0.0
    agent.add("users", 1)
    watch = Watch(agent.client(), "users", clock=lambda: now)
    await watch.step()
    watch._lost(httpx.ConnectError("connection refused"))
    agent.services.clear()
    await watch.step()
    assert [one.id for one in watch.known] == ["users-1"]
    agent.add("users", 2)
    await watch.step()
    assert [one.id for one in watch.known] == ["users-2"]
    agent.services.clear()
    now = 6.0
    await watch.step()
    assert watch.known == []


async def test_an_index_that_goes_backwards_starts_anew() -> None:
    agent = FakeAgent()
    watch = Watch(agent.client(), "users")
    await watch.step()
    assert watch._index == 10
    agent.index = 3
    await watch.step()
    assert watch._index == 0


async def test_without_a_registry_nobody_can_tell() -> None:
    with pytest.raises(UpstreamUnavailable, match="CONSUL_HTTP_ADDR"):
        await ConsulDirectory("").instances("users")


def test_the_address_of_consul_may_come_with_or_without_a_scheme() -> None:
    assert read_settings({"CONSUL_HTTP_ADDR": "consul:8500"}).consul_url == "http://consul:8500"
    assert read_settings({"CONSUL_HTTP_ADDR": "https://c:8501/"}).consul_url == "https://c:8501"


def test_the_grpc_port_of_an_instance() -> None:
    assert Instance("u", "10.0.0.1", 8000, {"grpc_port": "50051"}).grpc == "10.0.0.1:50051"
    assert Instance("e", "10.0.0.1", 50051).grpc == "10.0.0.1:50051"


@pytest.mark.docker
async def test_a_real_consul_registers_tells_and_forgets(consul_url: str) -> None:
    consul = Consul(consul_url)
    directory = ConsulDirectory(consul_url)
    own = Settings("shop", "thing", "thing-1", consul_url, "info", False)
    registration = Registration(consul, own, Ports(8000), well, poll_s=0.1)
    await consul.wait_ready(20)
    assert await directory.instances("thing") == []
    registration.begin()

    async def registered() -> bool:
        return await consul.registered_address("thing-1") is not None

    async def known() -> bool:
        return [one.id for one in await directory.instances("thing")] == ["thing-1"]

    await eventually(registered)
    await eventually(known)
    await consul.deregister("thing-1")
    await eventually(registered)
    await registration.leave()
    assert await consul.registered_address("thing-1") is None
    await directory.close()
    await consul.close()
