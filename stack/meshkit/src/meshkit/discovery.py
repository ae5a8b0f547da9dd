"""Healthy instances of other services, by name, kept up to date by Consul's blocking queries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from .consul import Consul, Instance
from .errors import UpstreamUnavailable
from .logs import log
from .settings import settings

_FIRST_ANSWER_S = 2.0
_RETRY_S = 0.5
_GRACE_S = 5.0


class Directory(Protocol):
    """Where clients look a service up."""

    async def instances(self, target: str) -> Sequence[Instance]:
        """Healthy instances, possibly none; UpstreamUnavailable if nobody can tell."""
        ...


class FixedDirectory:
    """A directory of known base URLs, for a process without a registry and for tests."""

    def __init__(self, urls: Mapping[str, Sequence[str]]) -> None:
        self._instances = {
            target: [_fixed(f"{target}-{n}", url) for n, url in enumerate(listed, start=1)]
            for target, listed in urls.items()
        }

    async def instances(self, target: str) -> Sequence[Instance]:
        return self._instances.get(target, [])


class Watch:
    """One target's list. While Consul is away the last list stays; so does it, for five seconds after Consul
    came back, in place of an empty one: a restarted agent knows nobody yet."""

    def __init__(self, consul: Consul, target: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.target = target
        self.known: list[Instance] = []
        self.answered = asyncio.Event()
        self._consul = consul
        self._clock = clock
        self._index = 0
        self._away = False
        self._grace_until = 0.0

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except (httpx.HTTPError, ValueError, KeyError) as error:
                self._lost(error)
                await asyncio.sleep(_RETRY_S)

    async def step(self) -> None:
        """Wait for one answer and take it in."""
        graceful = self._clock() < self._grace_until
        index, found = await self._consul.healthy(self.target, index=self._index, wait_s=1 if graceful else 30)
        self._index = index if index >= self._index else 0
        if self._away:
            self._away = False
            self._grace_until = self._clock() + _GRACE_S
            log.info("registry.back", target=self.target)
        if found or self._clock() >= self._grace_until:
            self._take(found)
        self.answered.set()

    def _take(self, found: list[Instance]) -> None:
        if found != self.known:
            log.info("registry.instances", target=self.target, instances=[one.id for one in found])
        self.known = found

    def _lost(self, error: Exception) -> None:
        self._index = 0
        if not self._away:
            log.warning("registry.away", target=self.target, error=str(error) or type(error).__name__)
        self._away = True


class ConsulDirectory:
    """Starts a watch for every target that is asked for; `close` ends them."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._consul: Consul | None = None
        self._watches: dict[str, tuple[Watch, asyncio.Task[None]]] = {}

    async def instances(self, target: str) -> Sequence[Instance]:
        if not self._url:
            raise UpstreamUnavailable(target, "no registry is configured (CONSUL_HTTP_ADDR)", sent=False)
        watch = self._watch(target)
        try:
            async with asyncio.timeout(_FIRST_ANSWER_S):
                await watch.answered.wait()
        except TimeoutError:
            raise UpstreamUnavailable(target, "the registry does not answer", sent=False) from None
        return watch.known

    async def close(self) -> None:
        watches, self._watches = self._watches, {}
        for _, task in watches.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._consul is not None:
            await self._consul.close()
            self._consul = None

    def _watch(self, target: str) -> Watch:
        if target not in self._watches:
            self._consul = self._consul or Consul(self._url, transport=self._transport)
            watch = Watch(self._consul, target)
            # Whoever asks first has a trace, which the watch is no part of.
            task = asyncio.create_task(watch.run(), name=f"mesh-watch-{target}", context=Context())
            self._watches[target] = (watch, task)
        return self._watches[target][0]


_shared: ConsulDirectory | None = None


def shared_directory() -> ConsulDirectory:
    """The directory that clients of this process use unless given another."""
    global _shared
    if _shared is None:
        _shared = ConsulDirectory(settings().consul_url)
    return _shared


def _fixed(instance_id: str, url: str) -> Instance:
    parts = urlsplit(url)
    return Instance(id=instance_id, address=parts.hostname or "localhost", port=parts.port or 80)
