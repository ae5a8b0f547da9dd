"""Follows the engine: events first, then a full list, then both; anew after every loss."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.board import Board
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import EngineError, EngineUnavailable
from meshctl.model.containers import EngineInfo
from meshctl.ports import ContainerEngine

#: Events that follow each other within this many seconds lead to one full list.
DEBOUNCE_S = 0.05
#: A full list even if no event came: heals whatever slipped through between subscribing and listing.
RESYNC_S = 5.0


class ContainerWatch:
    """Keeps the board's containers true."""

    def __init__(self, engine: ContainerEngine, board: Board) -> None:
        self._engine = engine
        self._board = board
        self._clock = board.clock
        self._backoff = Backoff(board.clock)

    async def run(self) -> None:
        """Never returns. While no engine answers, what was known stays and the link says since when."""
        while True:
            try:
                await self._session()
                self._board.engine_lost("the event stream ended")
            except EngineUnavailable as error:
                self._board.engine_lost(str(error), error.hint)
            await self._backoff.wait()

    async def _session(self) -> None:
        info = await self._engine.info()
        dirty = asyncio.Event()
        dirty.set()
        await first_to_end(self._follow(dirty), self._list(info, dirty), self._resync(dirty))

    async def _follow(self, dirty: asyncio.Event) -> None:
        async with closing(self._engine.events(self._board.config.name)) as events:
            async for event in events:
                self._board.heard(event)
                dirty.set()

    async def _list(self, info: EngineInfo, dirty: asyncio.Event) -> None:
        overtaken = 0
        while True:
            await dirty.wait()
            await self._clock.sleep(DEBOUNCE_S)
            dirty.clear()
            generation = self._board.generation
            try:
                seen = await self._engine.observe(self._board.config.name)
            except EngineUnavailable:
                raise
            except EngineError as error:
                self._board.failed("containers", error)
                continue
            # A list that an event overtook may be older than the event; the next one follows at once.
            overtaken = overtaken + 1 if generation != self._board.generation else 0
            if overtaken in (1, 2):
                continue
            self._backoff.reset()
            self._board.engine_up(info)
            self._board.observed(seen)

    async def _resync(self, dirty: asyncio.Event) -> None:
        while True:
            await self._clock.sleep(RESYNC_S)
            dirty.set()
