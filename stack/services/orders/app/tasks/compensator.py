"""Releases reserved stock whose order did not come to be, until inventory has done it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from meshkit import log
from meshkit.tracing import continued

from ..core.errors import Unavailable
from ..core.metrics import COMPENSATIONS
from ..core.ports import Inventory


class Compensations(Protocol):
    async def next(self, release: Callable[[str, Mapping[str, str]], Awaitable[None]]) -> bool | None: ...


class Compensator:
    """`turn` is one pass of a `Loop`."""

    def __init__(self, compensations: Compensations, inventory: Inventory) -> None:
        self._compensations = compensations
        self._inventory = inventory

    async def turn(self) -> bool:
        """Whether more may be due."""
        return await self._compensations.next(self._release) is not None

    async def _release(self, reference: str, headers: Mapping[str, str]) -> None:
        with continued(headers):
            try:
                await self._inventory.release(reference)
            except Unavailable:
                COMPENSATIONS.labels("put_off").inc()
                log.warning("order.release_put_off", reference=reference)
                raise
            COMPENSATIONS.labels("released").inc()
            log.info("order.released", reference=reference)
