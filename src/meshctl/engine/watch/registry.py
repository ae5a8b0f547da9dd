"""Follows the registry with blocking queries, wherever it is published at the moment."""

from __future__ import annotations

import asyncio

from meshctl.engine.watch.board import Board
from meshctl.engine.watch.tasks import Backoff, closing, first_to_end
from meshctl.errors import MeshError
from meshctl.ports import RegistryConnector


class RegistryWatch:
    """Keeps the board's registrations true. The address is read anew after every loss and every move."""

    def __init__(self, connect: RegistryConnector, board: Board) -> None:
        self._connect = connect
        self._board = board
        self._backoff = Backoff(board.clock)

    async def run(self) -> None:
        """Never returns; a project without a registry waits for nothing."""
        if not self._board.config.registry:
            await asyncio.Event().wait()
        while True:
            address = await self._address()
            try:
                await first_to_end(self._follow(address), self._until_it_moves(address))
                why = "it moved or closed the connection"
            except MeshError as error:
                why = str(error)
            self._board.registry_lost(why)
            await self._backoff.wait()

    async def _address(self) -> str:
        """Wait until the registry's container publishes a port."""
        changed = self._board.topology()
        try:
            while not (address := self._board.registry_address()):
                changed.clear()
                if self._board.was_observed:
                    self._board.registry_lost("its container is not running")
                await changed.wait()
            return address
        finally:
            self._board.release(changed)

    async def _follow(self, address: str) -> None:
        registry = self._connect(address)
        try:
            async with closing(registry.watch()) as changes:
                async for registrations in changes:
                    self._backoff.reset()
                    self._board.registry_up(registrations)
        finally:
            await registry.close()

    async def _until_it_moves(self, address: str) -> None:
        changed = self._board.topology()
        try:
            while self._board.registry_address() in (address, ""):
                changed.clear()
                await changed.wait()
        finally:
            self._board.release(changed)
