"""What runs as far as is known: what watchers ask before they ask anybody else."""

from __future__ import annotations

import asyncio

from meshctl.core.resolve import collector_address, registry_address
from meshctl.engine.watch.observations import Observations
from meshctl.errors import CollectorUnavailable
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState
from meshctl.ports.world import Clock


class Inventory:
    """The observations, and who waits for the containers to change. ``observed_at`` None: never listed yet."""

    def __init__(self, config: MeshConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.observations = Observations(config)
        self.observed_at: float | None = None
        self._wakers: set[asyncio.Event] = set()

    def running(self) -> list[Container]:
        """Containers that run now, in a stable order."""
        return [c for c in self.observations.containers.values() if c.state is ContainerState.RUNNING]

    def registry_address(self) -> str:
        """Where the registry answers now (``host:port``), '' if it is not there."""
        return registry_address(self.config, self.running()) or ""

    def collector_address(self) -> str:
        """Where the collector's query API answers now, '' if it is not there."""
        try:
            return collector_address(self.config, self.running())
        except CollectorUnavailable:
            return ""

    def changed(self) -> asyncio.Event:
        """An event set at every change of the containers. Give it back with ``release``."""
        waker = asyncio.Event()
        waker.set()
        self._wakers.add(waker)
        return waker

    def release(self, waker: asyncio.Event) -> None:
        self._wakers.discard(waker)

    def contain(self, containers: dict[str, Container]) -> None:
        """Replace what is known of the containers, by id."""
        differs = containers != self.observations.containers
        self.observations.contain(containers)
        if differs:
            for waker in self._wakers:
                waker.set()
