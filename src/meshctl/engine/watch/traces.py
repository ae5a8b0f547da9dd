"""Follows the collector: which traces there are, newest first, and what it keeps."""

from __future__ import annotations

import asyncio

from meshctl.aside import aside
from meshctl.core.traces.listing import TraceListing
from meshctl.engine.watch.address import AddressWatch
from meshctl.engine.watch.board import Board
from meshctl.engine.watch.tasks import closing
from meshctl.model.traces import TraceQuery
from meshctl.ports import Collectors

#: Traces that a view can list.
KEEP = 5000


class TraceWatch:
    """Keeps the board's traces true."""

    def __init__(self, collectors: Collectors, board: Board) -> None:
        self._collectors = collectors
        self._board = board
        self._watch = AddressWatch(board, board.collector_address, self._follow, board.collector_lost)

    async def run(self) -> None:
        """Never returns; a project without a collector waits for nothing."""
        if not self._board.config.collector:
            await asyncio.Event().wait()
        await self._watch.run()

    async def _follow(self, address: str) -> None:
        """The stream is open before the list is read, so that nothing is missed between the two."""
        listing, reader = TraceListing(KEEP), self._collectors.reader(address)
        stale = True
        async with closing(self._collectors.feed(address).changes()) as stream:
            async for changes in stream:
                if stale or changes.reset:
                    listing.replace(await aside(lambda: reader.traces(TraceQuery(limit=KEEP))))
                    stale = False
                listing.apply(changes)
                self._watch.backoff.reset()
                self._board.collector_up(changes.status, listing.rows)
