"""One stream of resource samples per running instance, summed per service."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from meshctl.engine.state.usage import UsageTopic
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.per_instance import TaskPerInstance
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import MeshError
from meshctl.model.containers import Container
from meshctl.model.status import Usage
from meshctl.ports.runtime import Runtime, Stats

#: Samples kept per instance, one a second.
KEEP = 30
#: The instances' samples come at about the same time each second: those of so many seconds are told at once.
GATHER_S = 0.4


class _Track:
    """What one instance used lately."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.cpu: deque[float] = deque(maxlen=KEEP)
        self.memory = 0


class StatsWatch:
    """Streams begin and end with the instances; a stopped instance counts for nothing."""

    def __init__(self, runtime: Runtime, inventory: Inventory, usage: UsageTopic) -> None:
        self._runtime = runtime
        self._inventory = inventory
        self._usage = usage
        self._clock = inventory.clock
        self._tracks: dict[str, _Track] = {}
        self._sampled = asyncio.Event()
        self._tasks = TaskPerInstance[str](inventory)

    async def run(self) -> None:
        """Never returns; a runtime without figures is not watched."""
        stats = self._runtime.stats
        if stats is None:
            await asyncio.Event().wait()
        else:
            await first_to_end(self._tasks.run(partial(self._match, stats)), self._tell())

    async def _match(self, stats: Stats) -> None:
        gone = await self._tasks.keep({c.id: partial(self._stream, stats, c) for c in self._inventory.running()})
        for container_id in gone:
            self._tracks.pop(container_id, None)
        if gone:
            self._sampled.set()

    async def _tell(self) -> None:
        while True:
            await self._sampled.wait()
            await self._clock.sleep(GATHER_S)
            self._sampled.clear()
            self._usage.set(self._summed())

    async def _stream(self, stats: Stats, container: Container) -> None:
        backoff = Backoff(self._clock)
        track = self._tracks.setdefault(container.id, _Track(container.service))
        while True:
            try:
                async with closing(stats.follow(container.id)) as samples:
                    async for sample in samples:
                        backoff.reset()
                        track.cpu.append(max(0.0, sample.cpu))
                        track.memory = sample.memory
                        self._sampled.set()
            except MeshError:
                # The container watch tells about a lost runtime; here only the figures stand still.
                pass
            await backoff.wait()

    def _summed(self) -> dict[str, Usage]:
        """Per service: the instances' histories added up, aligned at their newest sample."""
        services: dict[str, list[_Track]] = {}
        for track in self._tracks.values():
            if track.cpu:
                services.setdefault(track.service, []).append(track)
        return {service: _sum(tracks) for service, tracks in services.items()}


def _sum(tracks: list[_Track]) -> Usage:
    length = max(len(track.cpu) for track in tracks)
    cpu = [0.0] * length
    for track in tracks:
        offset = length - len(track.cpu)
        for index, value in enumerate(track.cpu):
            cpu[offset + index] += value
    return Usage(cpu=tuple(cpu), memory=sum(track.memory for track in tracks))
