"""Releases reserved stock whose order did not come to be, until inventory has done it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from meshkit import log
from meshkit.tracing import Attributes, continued, span, untraced

from ..core.errors import Unavailable
from ..core.metrics import COMPENSATIONS
from ..core.ports import Inventory

Release = Callable[[str, Mapping[str, str], int], Awaitable[None]]
"""Of a reference, in the trace that these headers tell of, after so many failures. Raises Unavailable."""
NAME = "compensate reservation"


class Compensations(Protocol):
    async def next(self, release: Release) -> bool | None: ...


class Compensator:
    """`turn` is one pass of a `Loop`."""

    def __init__(self, compensations: Compensations, inventory: Inventory) -> None:
        self._compensations = compensations
        self._inventory = inventory

    async def turn(self) -> bool:
        """Whether more may be due."""
        return await self._compensations.next(self._release) is not None

    async def _release(self, reference: str, headers: Mapping[str, str], failures: int) -> None:
        """A span in the trace of the order; of a long row of failures only the 1st, 2nd, 4th, 8th, … has one."""
        attempt = failures + 1
        about: Attributes = {"order.reference": reference, "mesh.attempt": attempt}
        with continued(headers):
            if attempt & failures == 0:
                with span(NAME, attributes=about):
                    await self._once(reference)
                return
            with untraced():
                await self._once(reference)
            with span(NAME, attributes=about):
                log.info("order.released_at_last", reference=reference, attempts=attempt)

    async def _once(self, reference: str) -> None:
        try:
            await self._inventory.release(reference)
        except Unavailable:
            COMPENSATIONS.labels("put_off").inc()
            log.warning("order.release_put_off", reference=reference)
            raise
        COMPENSATIONS.labels("released").inc()
        log.info("order.released", reference=reference)
