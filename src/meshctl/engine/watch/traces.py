"""Follows the collector: which traces there are, newest first, and what it keeps."""

from __future__ import annotations

import asyncio

from meshctl.core.traces.listing import TraceListing
from meshctl.engine.watch.address import AddressWatch
from meshctl.engine.watch.aggregator import StateAggregator
from meshctl.engine.watch.tasks import closing
from meshctl.model.traces import TraceQuery
from meshctl.ports.telemetry import Collectors
from meshctl.threads import run_in_thread

#: Traces that a view can list.
KEEP = 5000


class TraceWatch:
    """Keeps the aggregator's traces true."""

    def __init__(self, collectors: Collectors, aggregator: StateAggregator) -> None:
        self._collectors = collectors
        self._aggregator = aggregator
        self._watch = AddressWatch(aggregator, aggregator.collector_address, self._follow, aggregator.collector_lost)

    async def run(self) -> None:
        """Never returns; a project without a collector waits for nothing."""
        if not self._aggregator.config.collector:
            await asyncio.Event().wait()
        await self._watch.run()

    async def _follow(self, address: str) -> None:
        """The stream is open before the list is read, so that nothing is missed between the two."""
        listing, reader = TraceListing(KEEP), self._collectors.reader(address)
        stale = True
        async with closing(self._collectors.feed(address).changes()) as stream:
            async for changes in stream:
                if stale or changes.reset:
                    listing.replace(await run_in_thread(lambda: reader.traces(TraceQuery(limit=KEEP))))
                    stale = False
                listing.apply(changes)
                self._watch.backoff.reset()
                self._aggregator.collector_up(changes.status, listing.rows)
