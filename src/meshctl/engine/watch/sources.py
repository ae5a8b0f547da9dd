"""Follows what is published at one address at a time: the registry with blocking queries, the collector's changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from meshctl.engine.state.links import LinksTopic, Source
from meshctl.engine.state.traces import KEEP, TracesTopic
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import MeshError
from meshctl.model.traces import CollectorStatus, TraceQuery
from meshctl.ports.registry import RegistryConnector
from meshctl.ports.telemetry import Collectors
from meshctl.threads import run_in_thread


class RegistryWatch:
    """Tells ``services`` what the registry lists."""

    def __init__(self, connect: RegistryConnector, services: ServicesWriter) -> None:
        self._connect = connect
        self._services = services
        inventory = services.inventory
        self._registry = inventory.config.registry
        self._watch = AddressWatch(inventory, inventory.registry_address, self._follow, services.registry_lost)

    async def run(self) -> None:
        """Never returns; a project without a registry waits for nothing."""
        if not self._registry:
            await asyncio.Event().wait()
        await self._watch.run()

    async def _follow(self, address: str) -> None:
        registry = self._connect(address)
        try:
            async with closing(registry.watch()) as changes:
                async for registrations in changes:
                    self._watch.backoff.reset()
                    self._services.registry_up(registrations)
        finally:
            await registry.close()


class TraceWatch:
    """Keeps the list of traces true; while the collector is lost it stays as it was."""

    def __init__(self, collectors: Collectors, inventory: Inventory, traces: TracesTopic, links: LinksTopic) -> None:
        self._collectors = collectors
        self._collector = inventory.config.collector
        self._traces = traces
        self._links = links
        self._watch = AddressWatch(inventory, inventory.collector_address, self._follow, self._lost)

    async def run(self) -> None:
        """Never returns; a project without a collector waits for nothing."""
        if not self._collector:
            await asyncio.Event().wait()
        await self._watch.run()

    async def _follow(self, address: str) -> None:
        """The stream is open before the list is read, so that nothing is missed between the two."""
        reader = self._collectors.reader(address)
        stale = True
        async with closing(self._collectors.feed(address).changes()) as stream:
            async for changes in stream:
                if stale or changes.reset:
                    self._traces.replace(await run_in_thread(lambda: reader.traces(TraceQuery(limit=KEEP))))
                    stale = False
                self._traces.apply(changes)
                self._watch.backoff.reset()
                self._up(changes.status)

    def _up(self, status: CollectorStatus) -> None:
        count = f"{status.traces:,} trace{'' if status.traces == 1 else 's'}"
        self._links.up(Source.COLLECTOR, self._collector, count)

    def _lost(self, why: str) -> None:
        self._links.lost(Source.COLLECTOR, self._collector, why)


class AddressWatch:
    """``follow(address)`` runs while the source stays where it is; the address is read anew after every loss.

    ``address()`` is '' while its container does not run; ``lost(why)`` is told of every loss.
    """

    def __init__(
        self,
        inventory: Inventory,
        address: Callable[[], str],
        follow: Callable[[str], Coroutine[Any, Any, None]],
        lost: Callable[[str], None],
    ) -> None:
        self._inventory = inventory
        self._address = address
        self._follow = follow
        self._lost = lost
        self.backoff = Backoff(inventory.clock)

    async def run(self) -> None:
        """Never returns."""
        while True:
            address = await self._published()
            try:
                await first_to_end(self._follow(address), self._until_it_moves(address))
                why = "it moved or closed the connection"
            except MeshError as error:
                why = str(error)
            self._lost(why)
            await self.backoff.wait()

    async def _published(self) -> str:
        """Wait until the source's container publishes a port."""
        changed = self._inventory.changed()
        try:
            while not (address := self._address()):
                changed.clear()
                if self._inventory.observed_at is not None:
                    self._lost("its container is not running")
                await changed.wait()
            return address
        finally:
            self._inventory.release(changed)

    async def _until_it_moves(self, address: str) -> None:
        changed = self._inventory.changed()
        try:
            while self._address() in (address, ""):
                changed.clear()
                await changed.wait()
        finally:
            self._inventory.release(changed)
