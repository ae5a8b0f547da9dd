"""Runs every watcher for as long as a front end looks on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from meshctl.engine.mesh import Mesh
from meshctl.engine.store import MeshStore
from meshctl.engine.watch.aggregator import StateAggregator
from meshctl.engine.watch.containers import ContainerWatch
from meshctl.engine.watch.probes import ProbeWatch
from meshctl.engine.watch.registry import RegistryWatch
from meshctl.engine.watch.stats import StatsWatch
from meshctl.engine.watch.tasks import cancel_all, forever
from meshctl.engine.watch.traces import TraceWatch

#: Verdicts that depend on time (a crash loop that calms down) are looked at this often.
TICK_S = 1.0


class Watcher:
    """``async with Watcher(mesh, store)``: the store follows the mesh until the block ends."""

    def __init__(self, mesh: Mesh, store: MeshStore) -> None:
        self._mesh = mesh
        self._aggregator = StateAggregator(mesh.config, store, mesh.clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Watcher:
        mesh, aggregator = self._mesh, self._aggregator
        aggregator.publish()
        watchers = {
            "containers": ContainerWatch(mesh.runtime, aggregator).run,
            "health": ProbeWatch(mesh.prober, aggregator).run,
            "the registry": RegistryWatch(mesh.connect_registry, aggregator).run,
            "traces": TraceWatch(mesh.collectors, aggregator).run,
            "resources": StatsWatch(mesh.runtime, aggregator).run,
            "time": self._tick,
        }
        for what, run in watchers.items():
            self._tasks.append(asyncio.create_task(forever(run, _teller(aggregator, what), mesh.clock), name=what))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await cancel_all(self._tasks)
        self._tasks.clear()

    async def _tick(self) -> None:
        while True:
            await self._mesh.clock.sleep(TICK_S)
            self._aggregator.publish()


def _teller(aggregator: StateAggregator, what: str) -> Callable[[Exception], None]:
    def failed(error: Exception) -> None:
        aggregator.failed(what, error)

    return failed
