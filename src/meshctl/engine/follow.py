"""Follows the logs of instances that come, go and come back."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from meshctl.engine.mesh import Mesh
from meshctl.errors import MeshError, NotFound, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import Container, ContainerState, LogLine
from meshctl.ports.runtime import Search

#: New instances are found by the engine's events; this is how often to look without one, seconds.
LOOK_S = 2.0
#: A pause after a lost engine, and between two looks, seconds.
PAUSE_S = 0.2
#: Lines that are kept for a slow reader before the containers' streams are held up.
BUFFER = 1000
#: Engines round times: what was written this short before the last line is read again, and told apart by its text.
OVERLAP_S = 0.001
_ROUNDING_S = 1e-6


@dataclass(slots=True)
class _Place:
    """How far one container was read: the last line's time, and the lines just before it with itself."""

    time: float
    recent: deque[tuple[float, str, str]] = field(default_factory=deque)

    def move(self, line: LogLine) -> None:
        self.time = max(self.time, line.time)
        self.recent.append((line.time, line.stream, line.text))
        while self.recent[0][0] < self.time - OVERLAP_S:
            self.recent.popleft()


class Follower:
    """Reads on from where the kept lines ended. ``tail`` 0: only what comes from now on."""

    def __init__(
        self,
        mesh: Mesh,
        services: Sequence[str],
        since: float | None,
        tail: int | None,
        searches: Sequence[Search] = (),
    ) -> None:
        self._mesh = mesh
        self._services = services
        self._since = since
        self._tail = tail
        self._searches = searches
        self._places: dict[str, _Place] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, tuple[float | None, int]] = {}
        self._queue: asyncio.Queue[LogLine] = asyncio.Queue(BUFFER)
        self._mute: set[str] = set()
        self._wake = asyncio.Event()

    def reached(self, container: Container, line: LogLine) -> None:
        """This line of the container was read."""
        self._places.setdefault(container.id, _Place(line.time)).move(line)

    async def lines(self, containers: Sequence[Container]) -> AsyncGenerator[LogLine, None]:
        """Lines as they come, beginning with these containers; ends only by being closed."""
        for container in containers:
            self._read(container, self._tail if self._tail == 0 else None)
        tasks = [asyncio.create_task(self._keep_up()), asyncio.create_task(self._listen())]
        try:
            while True:
                yield await self._queue.get()
        finally:
            tasks += self._readers.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_up(self) -> None:
        """Give every container that writes a reader, again and again."""
        while True:
            with suppress(MeshError):
                observed = await self._mesh.runtime.observe(self._mesh.config.name)
                self._forget({container.id for container in observed.containers})
                for container in observed.containers:
                    if not self._services or container.service in self._services:
                        self._renew(container)
            await self._mesh.clock.sleep(PAUSE_S)
            await self._pause()

    async def _pause(self) -> None:
        """Until something happened, or for LOOK_S."""
        timer = asyncio.ensure_future(self._mesh.clock.sleep(LOOK_S))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((timer, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            woken.cancel()
            await asyncio.gather(timer, woken, return_exceptions=True)
        self._wake.clear()

    async def _listen(self) -> None:
        """Wake whoever keeps up at every event; the stream ends with the engine, and is asked for again."""
        while True:
            with suppress(RuntimeUnavailable):
                async for _ in self._mesh.runtime.events(self._mesh.config.name):
                    self._wake.set()
            await self._mesh.clock.sleep(PAUSE_S)
            self._wake.set()

    def _forget(self, present: set[str]) -> None:
        for known in set(self._readers) - present:
            if self._readers[known].done():
                del self._readers[known]
                self._runs.pop(known, None)
                self._places.pop(known, None)

    def _renew(self, container: Container) -> None:
        """A reader for a container that has none, if it runs or has run since it was read."""
        reader = self._readers.get(container.id)
        if reader is None:
            self._read(container, None)
        elif reader.done():
            alive = container.state in (ContainerState.RUNNING, ContainerState.PAUSED)
            if (alive and container.id not in self._mute) or self._runs.get(container.id) != (
                container.started_at,
                container.restarts,
            ):
                self._read(container, None)

    def _read(self, container: Container, tail: int | None) -> None:
        self._runs[container.id] = (container.started_at, container.restarts)
        self._readers[container.id] = asyncio.create_task(self._reader(container, tail))

    async def _reader(self, container: Container, tail: int | None) -> None:
        place = self._places.get(container.id)
        start = self._since if place is None else place.recent[0][0]
        known = Counter() if place is None else Counter(place.recent)
        since = start if start is None or place is None else start - _ROUNDING_S
        self._mute.discard(container.id)
        try:
            runtime, searches = self._mesh.runtime, self._searches
            async for line in runtime.logs(container, since=since, tail=tail, follow=True, searches=searches):
                key = (line.time, line.stream, line.text)
                if known[key] > 0:
                    known[key] -= 1
                elif start is None or line.time >= start:
                    self.reached(container, line)
                    await self._queue.put(line)
        except (NotFound, RuntimeUnavailable):
            pass  # What is gone is gone; what comes back is read on.
        except OperationFailed:
            self._mute.add(container.id)
        self._wake.set()
