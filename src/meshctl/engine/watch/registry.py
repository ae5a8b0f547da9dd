"""Follows the registry with blocking queries, wherever it is published at the moment."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.address import AddressWatch
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.tasks import closing
from meshctl.ports.registry import RegistryConnector


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
