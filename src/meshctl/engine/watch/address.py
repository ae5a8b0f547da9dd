"""Follows a source that is published at one address at a time: the registry, the collector."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.tasks import Backoff, first_to_end
from meshctl.errors import MeshError


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
