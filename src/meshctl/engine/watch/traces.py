"""Follows the collector: which traces there are, newest first, and what it keeps."""

from __future__ import annotations

import asyncio

from meshctl.engine.state.links import LinksTopic, Source
from meshctl.engine.state.traces import KEEP, TracesTopic
from meshctl.engine.watch.address import AddressWatch
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.tasks import closing
from meshctl.model.traces import CollectorStatus, TraceQuery
from meshctl.ports.telemetry import Collectors
from meshctl.threads import run_in_thread


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
