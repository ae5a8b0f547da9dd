"""Follows the engine: events first, then a full list, then both; anew after every loss."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.aggregator import StateAggregator
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import OperationFailed, RuntimeUnavailable
from meshctl.model.containers import RuntimeInfo
from meshctl.ports.runtime import Runtime

#: Events that follow each other within this many seconds lead to one full list.
DEBOUNCE_S = 0.05
#: A full list even if no event came: heals whatever slipped through between subscribing and listing.
RESYNC_S = 5.0


class ContainerWatch:
    """Keeps the aggregator's containers true."""

    def __init__(self, engine: Runtime, aggregator: StateAggregator) -> None:
        self._engine = engine
        self._aggregator = aggregator
        self._clock = aggregator.clock
        self._backoff = Backoff(aggregator.clock)

    async def run(self) -> None:
        """Never returns. While no engine answers, what was known stays and the link says since when."""
        while True:
            try:
                await self._session()
                self._aggregator.engine_lost("the event stream ended")
            except RuntimeUnavailable as error:
                self._aggregator.engine_lost(str(error), error.hint)
            await self._backoff.wait()

    async def _session(self) -> None:
        info = await self._engine.info()
        dirty = asyncio.Event()
        dirty.set()
        await first_to_end(self._follow(dirty), self._list(info, dirty), self._resync(dirty))

    async def _follow(self, dirty: asyncio.Event) -> None:
        async with closing(self._engine.events(self._aggregator.config.name)) as events:
            async for event in events:
                self._aggregator.heard(event)
                dirty.set()

    async def _list(self, info: RuntimeInfo, dirty: asyncio.Event) -> None:
        overtaken = 0
        while True:
            await dirty.wait()
            await self._clock.sleep(DEBOUNCE_S)
            dirty.clear()
            generation = self._aggregator.generation
            try:
                seen = await self._engine.observe(self._aggregator.config.name)
            except RuntimeUnavailable:
                raise
            except OperationFailed as error:
                self._aggregator.failed("containers", error)
                continue
            # A list that an event overtook may be older than the event; the next one follows at once.
            overtaken = overtaken + 1 if generation != self._aggregator.generation else 0
            if overtaken in (1, 2):
                continue
            self._backoff.reset()
            self._aggregator.engine_up(info)
            self._aggregator.observed(seen)

    async def _resync(self, dirty: asyncio.Event) -> None:
        while True:
            await self._clock.sleep(RESYNC_S)
            dirty.set()
