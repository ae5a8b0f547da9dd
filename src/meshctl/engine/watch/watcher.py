"""Runs every watcher for as long as a front end looks on."""

from __future__ import annotations

import asyncio
from functools import partial
from types import TracebackType

from meshctl.engine.mesh import Mesh
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.watch.containers import ContainerWatch
from meshctl.engine.watch.event_log import EventLog
from meshctl.engine.watch.evidence import EvidenceWatch
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.probes import ProbeWatch
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.sources import RegistryWatch, TraceWatch
from meshctl.engine.watch.stats import StatsWatch
from meshctl.engine.watch.tasks import cancel_all, forever

#: Verdicts that depend on time (a crash loop that calms down) are looked at this often.
TICK_S = 1.0


class Watcher:
    """``async with Watcher(mesh, state)``: the state follows the mesh until the block ends."""

    def __init__(self, mesh: Mesh, state: MeshState) -> None:
        self._mesh = mesh
        self._state = state
        self._inventory = Inventory(mesh.config, mesh.clock)
        self._log = EventLog(state.events)
        self._services = ServicesWriter(self._inventory, state, self._log, RunMemory(mesh.journal, mesh.clock))
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Watcher:
        mesh, services, inventory, state = self._mesh, self._services, self._inventory, self._state
        watchers = {
            "containers": ContainerWatch(mesh.runtime, services, self._log).run,
            "health": ProbeWatch(mesh.prober, services).run,
            "the registry": RegistryWatch(mesh.connect_registry, services).run,
            "traces": TraceWatch(mesh.collectors, inventory, state.traces, state.links).run,
            "resources": StatsWatch(mesh.runtime, inventory, state.usage).run,
            "causes": EvidenceWatch(mesh, services, state.services).run,
            "time": self._tick,
        }
        for what, run in watchers.items():
            self._tasks.append(asyncio.create_task(forever(run, partial(self._failed, what), mesh.clock), name=what))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await cancel_all(self._tasks)
        self._tasks.clear()

    async def _tick(self) -> None:
        while True:
            await self._mesh.clock.sleep(TICK_S)
            self._services.publish()

    def _failed(self, what: str, error: Exception) -> None:
        self._log.watch_failed(what, error, self._mesh.clock.now())
