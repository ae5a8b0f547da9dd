"""Follows the engine: events first, then a full list, then both; anew after every loss."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.event_log import EventLog
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import OperationFailed, RuntimeUnavailable
from meshctl.model.containers import RuntimeInfo
from meshctl.ports.runtime import Runtime

#: Events that follow each other within this many seconds lead to one full list.
DEBOUNCE_S = 0.05
#: A full list even if no event came: heals whatever slipped through between subscribing and listing.
RESYNC_S = 5.0


class ContainerWatch:
    """Tells ``services`` what the runtime holds."""

    def __init__(self, runtime: Runtime, services: ServicesWriter, log: EventLog) -> None:
        self._runtime = runtime
        self._services = services
        self._log = log
        self._project = services.inventory.config.name
        self._clock = services.inventory.clock
        self._backoff = Backoff(self._clock)

    async def run(self) -> None:
        """Never returns. While no engine answers, what was known stays and the link says since when."""
        while True:
            try:
                await self._session()
                self._services.runtime_lost("the event stream ended")
            except RuntimeUnavailable as error:
                self._services.runtime_lost(str(error), error.hint)
            await self._backoff.wait()

    async def _session(self) -> None:
        info = await self._runtime.info()
        dirty = asyncio.Event()
        dirty.set()
        await first_to_end(self._follow(dirty), self._list(info, dirty), self._resync(dirty))

    async def _follow(self, dirty: asyncio.Event) -> None:
        async with closing(self._runtime.events(self._project)) as events:
            async for event in events:
                self._services.heard(event)
                dirty.set()

    async def _list(self, info: RuntimeInfo, dirty: asyncio.Event) -> None:
        overtaken = 0
        while True:
            await dirty.wait()
            await self._clock.sleep(DEBOUNCE_S)
            dirty.clear()
            generation = self._services.generation
            try:
                seen = await self._runtime.observe(self._project)
            except RuntimeUnavailable:
                raise
            except OperationFailed as error:
                self._log.watch_failed("containers", error, self._clock.now())
                continue
            # A list that an event overtook may be older than the event; the next one follows at once.
            overtaken = overtaken + 1 if generation != self._services.generation else 0
            if overtaken in (1, 2):
                continue
            self._backoff.reset()
            self._services.runtime_up(info)
            self._services.observed(seen)

    async def _resync(self, dirty: asyncio.Event) -> None:
        while True:
            await self._clock.sleep(RESYNC_S)
            dirty.set()
