"""What becomes of a watch of keys when Consul counts anew, has nothing new, has no leader, or is no Consul."""

from __future__ import annotations

import asyncio
import base64
import json
import queue
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from meshctl.adapters.consul.kv import ConsulKeyValue
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import KeyChanges, KeyEntry
from tests.adapters import http_double


def listing(index: int, **keys: tuple[str, int]) -> bytes:
    """What a query by prefix is answered with; ``keys`` are (value, index of the last write)."""
    entries = [
        {"Key": f"mesh/{key}", "Value": base64.b64encode(value.encode()).decode(), "ModifyIndex": written}
        for key, (value, written) in keys.items()
    ]
    body = json.dumps(entries).encode()
    head = f"HTTP/1.1 {200 if keys else 404} X\r\nX-Consul-Index: {index}\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


NO_LEADER = b"HTTP/1.1 500 Oh\r\nContent-Length: 17\r\n\r\nNo cluster leader"


class Agent:
    """Answers each query with the next that is put into ``answers``."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        for answer in answers:
            self.answers.put(answer)

    def __call__(self, head: bytes, peer: socket.socket) -> None:
        if head:
            self.asked.put(head.split(b" ", 2)[1].decode())
            peer.sendall(self.answers.get())

    async def is_asked(self) -> str:
        return await asyncio.to_thread(self.asked.get, timeout=5)


async def _next(changes: AsyncIterator[KeyChanges]) -> KeyChanges:
    async with asyncio.timeout(5):
        return await anext(changes)


def _watch(address: str) -> aclosing[Any]:
    return aclosing(ConsulKeyValue(address).watch("mesh/"))


async def test_an_answer_without_a_change_tells_nothing() -> None:
    agent = Agent(listing(5, a=("1", 5)), listing(7, a=("1", 5)), listing(7, a=("1", 5)), listing(8, a=("2", 8)))
    with http_double.serving(agent) as address:
        async with _watch(address) as changes:
            assert (await _next(changes)).changed == {"mesh/a": KeyEntry(b"1", 5)}
            assert (await _next(changes)).changed == {"mesh/a": KeyEntry(b"2", 8)}
            asked = [await agent.is_asked() for _ in range(5)]
        agent.answers.put(b"")
    assert asked[0] == "/v1/kv/mesh/?recurse=1"
    assert [target.partition("?")[2].partition("&")[0] for target in asked[1:]] == [
        "index=5",
        "index=7",
        "index=7",
        "index=8",
    ]
    assert "wait=60s" in asked[1]


async def test_an_index_that_goes_backwards_starts_again_and_what_is_gone_is_a_change() -> None:
    agent = Agent(listing(50, a=("1", 50), b=("1", 40)), listing(3, a=("1", 3)), listing(4))
    with http_double.serving(agent) as address:
        async with _watch(address) as changes:
            await _next(changes)
            told = await _next(changes)
            assert (told.changed, told.removed) == ({"mesh/a": KeyEntry(b"1", 3)}, frozenset({"mesh/b"}))
            assert await _next(changes) == KeyChanges({}, {}, frozenset({"mesh/a"}))
            asked = [await agent.is_asked() for _ in range(3)]
        agent.answers.put(b"")
    assert "index=50" in asked[1]
    assert "index" not in asked[2]


async def test_a_consul_without_a_leader_has_forgotten_nothing() -> None:
    agent = Agent(listing(5, a=("1", 5)), NO_LEADER, b"", NO_LEADER, listing(6, a=("1", 5), b=("1", 6)))
    with http_double.serving(agent) as address:
        async with _watch(address) as changes:
            await _next(changes)
            told = await _next(changes)
            assert (set(told.changed), told.removed) == ({"mesh/b"}, frozenset())
        agent.answers.put(b"")


async def test_a_watch_that_is_closed_while_consul_is_away_ends() -> None:
    agent = Agent(listing(5, a=("1", 5)))
    with http_double.serving(agent) as address:
        changes = ConsulKeyValue(address).watch("mesh/")
        await _next(changes)
        agent.answers.put(NO_LEADER)
        for _ in range(3):
            await agent.is_asked()
            agent.answers.put(NO_LEADER)
        await changes.aclose()  # type: ignore[attr-defined]
        for worker in [thread for thread in threading.enumerate() if thread.name == "meshctl-worker"]:
            await asyncio.to_thread(worker.join, 5)
            assert not worker.is_alive()


@pytest.mark.parametrize(
    "answer", [b"", NO_LEADER, b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", listing(1)[:-2]]
)
async def test_what_is_no_consul_is_unavailable(answer: bytes) -> None:
    with http_double.serving(http_double.saying(answer)) as address:
        with pytest.raises(RegistryUnavailable, match="does not answer"):
            await ConsulKeyValue(address).get("mesh/a")
        async with _watch(address) as changes:
            with pytest.raises(RegistryUnavailable):
                await _next(changes)


async def test_an_answer_of_a_set_that_is_lost_is_no_answer() -> None:
    """It is not asked a second time: the first may have been heard."""
    agent = Agent(b"")
    with http_double.serving(agent) as address:
        with pytest.raises(RegistryUnavailable):
            await ConsulKeyValue(address).cas("mesh/a", b"1", 0)
        assert await agent.is_asked() == "/v1/kv/mesh/a?cas=0"
        assert agent.asked.empty()
