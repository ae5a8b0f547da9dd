"""Follows the registry with blocking queries, wherever it is published at the moment."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.address import AddressWatch
from meshctl.engine.watch.aggregator import StateAggregator
from meshctl.engine.watch.tasks import closing
from meshctl.ports.registry import RegistryConnector


class RegistryWatch:
    """Keeps the aggregator's registrations true."""

    def __init__(self, connect: RegistryConnector, aggregator: StateAggregator) -> None:
        self._connect = connect
        self._aggregator = aggregator
        self._watch = AddressWatch(aggregator, aggregator.registry_address, self._follow, aggregator.registry_lost)

    async def run(self) -> None:
        """Never returns; a project without a registry waits for nothing."""
        if not self._aggregator.config.registry:
            await asyncio.Event().wait()
        await self._watch.run()

    async def _follow(self, address: str) -> None:
        registry = self._connect(address)
        try:
            async with closing(registry.watch()) as changes:
                async for registrations in changes:
                    self._watch.backoff.reset()
                    self._aggregator.registry_up(registrations)
        finally:
            await registry.close()
