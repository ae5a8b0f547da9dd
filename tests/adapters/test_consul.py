"""What is read of Consul's answers, and what becomes of wrong ones; the agent is scripted."""

from __future__ import annotations

import asyncio
import json
import queue
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from meshctl.adapters.consul.catalog import ConsulReader, registrations_of
from meshctl.adapters.consul.watch import ConsulRegistry
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import Check, CheckStatus, Registration, RegistryCheckKind
from tests.adapters import http_double


def entry(instance: str = "orders-1", *checks: dict[str, str], **service: Any) -> dict[str, Any]:
    """One element of ``/v1/health/service/<name>``."""
    values = {"ID": instance, "Service": "orders", "Address": "172.18.0.5", "Port": 8000} | service
    return {"Node": {"Address": "10.0.0.1"}, "Service": values, "Checks": list(checks)}


class Agent:
    """Answers like a Consul agent. ``services`` is its catalogue, ``indexes`` what its blocking query gives."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = entries
        self.indexes: queue.SimpleQueue[int | str] = queue.SimpleQueue()
        self.checks: dict[str, Any] = {}
        self.asked: list[str] = []
        self.queries = threading.Semaphore(0)

    @property
    def waits(self) -> list[str]:
        return [target for target in self.asked if target.startswith("/v1/health/state/any")]

    def __call__(self, head: bytes, peer: socket.socket) -> None:
        if not head:
            return
        target = head.split(b" ", 2)[1].decode()
        self.asked.append(target)
        path = target.partition("?")[0]
        if path == "/v1/health/state/any":
            self.queries.release()
            self._say(peer, [], self.indexes.get())
        elif path == "/v1/agent/checks":
            self._say(peer, self.checks)
        elif path == "/v1/catalog/services":
            self._say(peer, {each["Service"]["Service"]: [] for each in self.entries})
        else:
            name = path.rpartition("/")[2]
            self._say(peer, [each for each in self.entries if each["Service"]["Service"] == name])

    async def is_asked(self) -> None:
        """Until one more blocking query has come in."""
        assert await asyncio.to_thread(self.queries.acquire, timeout=5)

    def _say(self, peer: socket.socket, content: Any, index: int | str = 1) -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 200 OK\r\nX-Consul-Index: {index}\r\nConnection: close\r\n"
        peer.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def check(name: str, status: str, output: str = "", **more: str) -> dict[str, str]:
    return {"Node": "n1", "CheckID": name, "Status": status, "Output": output, "ServiceID": "orders-1"} | more


def translated(**values: Any) -> Registration:
    (found,) = registrations_of([entry("orders-1", **values)], dict)
    return found


@pytest.mark.parametrize(
    ("given", "kind", "output"),
    [
        (
            check("serfHealth", "passing", "Agent alive", ServiceID="", Name="Serf"),
            RegistryCheckKind.NODE,
            "Agent alive",
        ),
        (check("c", "warning", "slow\n", Type="http"), RegistryCheckKind.SERVICE, "slow"),
        (check("c", "critical", "TTL expired", Type="ttl"), RegistryCheckKind.TTL, "TTL expired"),
        (check("_node_maintenance", "critical", ServiceID="", Notes="moving"), RegistryCheckKind.MAINTENANCE, "moving"),
        (check("_service_maintenance:orders-1", "critical", Notes="new"), RegistryCheckKind.MAINTENANCE, "new"),
    ],
)
def test_checks_keep_what_they_are(given: dict[str, str], kind: RegistryCheckKind, output: str) -> None:
    (found,) = registrations_of([entry("orders-1", given)], dict)
    status = CheckStatus(given["Status"])
    assert found.checks == (Check(kind, given["CheckID"], given.get("Name", ""), status, output),)


def test_an_entry_becomes_a_registration() -> None:
    assert translated(Tags=["http"], Meta={"project": "shop"}) == Registration(
        "orders-1",
        "orders",
        "172.18.0.5",
        8000,
        tags=("http",),
        meta={"project": "shop"},
    )
    bare = translated(Address="", Port=0, Tags=None, Meta=None)
    assert (bare.address, bare.port, bare.tags) == ("10.0.0.1", 0, ())


def test_one_service_is_one_question() -> None:
    agent = Agent(entry("orders-1"), entry("users-1", Service="users"))
    with http_double.serving(agent) as address:
        assert [found.id for found in ConsulReader(address).instances("orders")] == ["orders-1"]
        assert agent.asked == ["/v1/health/service/orders"]
        assert ConsulReader(address).services() == ("orders", "users")


async def test_registrations_are_every_instance_of_every_service() -> None:
    agent = Agent(entry("orders-1"), entry("orders-2"), entry("users-1", Service="users"))
    with http_double.serving(agent) as address:
        found = await ConsulRegistry(address).registrations()
    assert [registration.id for registration in found] == ["orders-1", "orders-2", "users-1"]


def test_the_agent_is_asked_what_a_failing_check_says_now() -> None:
    agent = Agent(
        entry("orders-1", check("c1", "critical", "refused")),
        entry("orders-2", check("c2", "warning", "slow")),
        entry("orders-3", check("c3", "passing", "fine")),
        entry("orders-4", check("c1", "critical", "refused", Node="n2")),
    )
    agent.checks = {
        "c1": check("c1", "critical", "503 no database"),
        "c2": check("c2", "passing", "200"),
        "c3": check("c3", "passing", "fine again"),
    }
    with http_double.serving(agent) as address:
        found = ConsulReader(address).instances("orders")
    said = [check.output for registration in found for check in registration.checks]
    assert said == ["503 no database", "slow", "fine", "refused"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "connection closed without an answer"),
        (b"garbage\r\n\r\n", "not the answer of a Consul agent"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope", "not the answer of a Consul agent"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{}]", "not the answer of a Consul agent"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 17\r\n\r\nNo cluster leader", "500 No cluster leader"),
    ],
)
def test_wrong_answers_are_no_registry(answer: bytes, words: str) -> None:
    with (
        http_double.serving(http_double.saying(answer)) as address,
        pytest.raises(RegistryUnavailable, match=words),
    ):
        ConsulReader(address).instances("orders")


def test_an_absent_registry_is_told_with_a_next_step() -> None:
    with pytest.raises(RegistryUnavailable, match="connection refused") as caught:
        ConsulReader(http_double.refused()).services()
    assert "meshctl up" in caught.value.hint


def test_a_silent_registry_is_not_waited_for() -> None:
    with (
        http_double.serving(http_double.hanging) as address,
        pytest.raises(RegistryUnavailable, match="no answer in time"),
    ):
        ConsulReader(address, timeout_s=0.05).services()


async def _next_ids(pictures: AsyncIterator[tuple[Registration, ...]]) -> list[str]:
    async with asyncio.timeout(5):
        return [registration.id for registration in await anext(pictures)]


async def test_a_query_that_comes_back_without_a_change_tells_nothing() -> None:
    agent = Agent(entry("orders-1"))
    with http_double.serving(agent) as address:
        pictures = ConsulRegistry(address).watch()
        agent.indexes.put(5)
        assert await _next_ids(pictures) == ["orders-1"]
        agent.indexes.put(5)
        for _ in range(3):
            await agent.is_asked()
        agent.entries = (entry("orders-1"), entry("orders-2"))
        agent.indexes.put(6)
        assert await _next_ids(pictures) == ["orders-1", "orders-2"]
        await _end(agent, pictures)
    assert agent.waits[0] == "/v1/health/state/any"
    assert all("index=5" in target for target in agent.waits[1:3])


async def test_an_index_that_goes_backwards_starts_again() -> None:
    agent = Agent(entry("orders-1"))
    with http_double.serving(agent) as address:
        pictures = ConsulRegistry(address).watch()
        agent.indexes.put(50)
        assert await _next_ids(pictures) == ["orders-1"]
        agent.entries = ()
        agent.indexes.put(3)
        assert await _next_ids(pictures) == []
        for _ in range(3):
            await agent.is_asked()
        await _end(agent, pictures)
    assert "index=50" in agent.waits[1]
    assert "index=" not in agent.waits[2]


async def test_cancelling_leaves_no_thread() -> None:
    agent = Agent(entry("orders-1"))
    with http_double.serving(agent) as address:
        pictures = ConsulRegistry(address).watch()
        agent.indexes.put(5)
        await _next_ids(pictures)
        coming = asyncio.create_task(_next_ids(pictures))
        for _ in range(2):
            await agent.is_asked()
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming
        for worker in [thread for thread in threading.enumerate() if thread.name == "meshctl-worker"]:
            await asyncio.to_thread(worker.join, 5)
            assert not worker.is_alive()
        await _end(agent, pictures)


async def test_a_lost_registry_ends_the_watch() -> None:
    agent = Agent(entry("orders-1"))
    with http_double.serving(agent) as address:
        pictures = ConsulRegistry(address).watch()
        agent.indexes.put(5)
        await _next_ids(pictures)
        agent.indexes.put("nonsense")
        with pytest.raises(RegistryUnavailable):
            await _next_ids(pictures)


async def test_the_environments_consul_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_ADDR", "https://consul.example:8501")
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "secret")
    agent = Agent(entry("orders-1"))
    with http_double.serving(agent) as address:
        pictures = ConsulRegistry(address).watch()
        agent.indexes.put(5)
        assert await _next_ids(pictures) == ["orders-1"]
        await _end(agent, pictures)
    assert not [target for target in agent.asked if "token" in target]


async def test_watching_nothing_raises_at_once() -> None:
    with pytest.raises(RegistryUnavailable, match="refused"):
        await anext(ConsulRegistry(http_double.refused()).watch())


async def _end(agent: Agent, pictures: AsyncIterator[tuple[Registration, ...]]) -> None:
    """Close the watch and let the scripted agent's waiting answer go."""
    await pictures.aclose()  # type: ignore[attr-defined]
    agent.indexes.put(0)
    agent.indexes.put(0)
