"""Sending on to another receiver: a second collector, a dead one, a moody one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from meshctl.collector.forward import queue as forward_queue
from meshctl.collector.forward.queue import Forwarder, Rejected, Retry
from meshctl.collector.forward.targets import receiver_of
from meshctl.collector.options import CollectorOptions
from meshctl.collector.server import serving
from meshctl.errors import UsageError
from tests.collector.conftest import HOST, Serve, Served, until
from tests.collector.otlp import TRACE, body, span


class Target:
    """A receiver that answers as it is told, then takes everything."""

    def __init__(self, *answers: Exception | None, gate: asyncio.Event | None = None) -> None:
        self.taken: list[bytes] = []
        self.tries = 0
        self.closed = False
        self._answers = list(answers)
        self._gate = gate

    async def send(self, sent: bytes) -> None:
        self.tries += 1
        if self._gate is not None:
            await self._gate.wait()
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        self.taken.append(sent)

    async def close(self) -> None:
        self.closed = True


@asynccontextmanager
async def forwarding(target: Target, **options: Any) -> AsyncIterator[Forwarder]:
    made = Forwarder("http://there:4318", target, **options)
    task = asyncio.create_task(made.run())
    yield made
    await made.close(0.1)
    task.cancel()
    assert target.closed


async def forwarded(served: Served) -> Any:
    return (await served.json("/v1/status"))["forward"]


@pytest.mark.parametrize("scheme", ["http", "grpc"])
async def test_everything_reaches_a_second_collector_as_it_was_sent(serve: Serve, scheme: str) -> None:
    second = await serve()
    first = await serve(forward=second.otlp if scheme == "http" else f"grpc://{second.grpc}")
    await first.post(body(span(1), span(2, 1)))
    await first.post(b'{"resourceSpans":[]}', "application/json")

    async def there() -> bool:
        return (await second.get(f"/v1/traces/{TRACE}")).status_code == 200

    await until(there)
    mine, theirs = await first.get(f"/v1/traces/{TRACE}"), await second.get(f"/v1/traces/{TRACE}")
    assert mine.content == theirs.content
    status = await forwarded(first)
    assert (status["forwarded"], status["forward_dropped"], status["forward_error"]) == (2, 0, "")


@pytest.mark.parametrize("scheme", ["http", "grpc"])
async def test_a_dead_receiver_slows_nobody_and_is_named(serve: Serve, scheme: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        dead = taken.getsockname()[1]
    first = await serve(forward=f"{scheme}://{HOST}:{dead}")
    for _ in range(50):
        assert (await first.post(body(span(1)))).status_code == 200

    async def named() -> bool:
        return str(dead) in (await forwarded(first))["forward_error"]

    await until(named)
    assert (await forwarded(first))["forwarded"] == 0


async def test_what_was_not_taken_now_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward_queue, "FIRST_PAUSE_S", 0.01)
    target = Target(Retry("HTTP 503"), Retry("HTTP 429", 0.01))
    async with forwarding(target) as queue:
        queue.offer(b"one", 3)
        queue.offer(b"two", 1)
    assert target.taken == [b"one", b"two"] and target.tries == 4
    assert queue.status()["forwarded"] == 4 and queue.status()["forward_error"] == ""


async def test_what_is_refused_is_dropped_and_the_next_is_sent() -> None:
    target = Target(Rejected("HTTP 400"))
    async with forwarding(target) as queue:
        queue.offer(b"one", 3)
        queue.offer(b"two", 1)
    assert target.taken == [b"two"]
    assert (queue.status()["forwarded"], queue.status()["forward_dropped"]) == (1, 3)


async def test_a_full_queue_drops_the_oldest_and_counts_it() -> None:
    gate = asyncio.Event()
    target = Target(gate=gate)
    async with forwarding(target, queue_bytes=10) as queue:
        queue.offer(b"first", 1)
        await asyncio.sleep(0)
        for text in (b"aaaa", b"bbbb", b"cccc"):
            queue.offer(text, 2)
        assert queue.status()["queued_bytes"] <= 10
        gate.set()
    assert target.taken[-1] == b"cccc" and b"aaaa" not in target.taken
    assert queue.status()["forward_dropped"] == 2


async def test_a_loop_to_itself_is_refused_at_the_start() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"http://{HOST}:{port}", f"http://localhost:{port}/v1/traces", f"grpc://{HOST}:{port}"):
        options = CollectorOptions(grpc_port=0, http_port=port, query_port=0, forward=url)
        with pytest.raises(UsageError, match="itself"):
            async with serving(options):
                pass


@pytest.mark.parametrize("url", ["there:4318", "ftp://there", "http://", "http://there:port", "grpc://:4317"])
def test_what_is_no_url_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--forward"):
        receiver_of(url)
