"""What the saga needs of the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .domain import Customer, Draft, Line, Order


class Users(Protocol):
    async def get(self, user_id: int) -> Customer:
        """The user; raises UnknownUser or Unavailable."""
        ...


class Inventory(Protocol):
    async def reserve(self, reference: str, quantities: Mapping[str, int]) -> tuple[Line, ...]:
        """Take all of `quantities` or nothing; the same reference takes once.

        Raises OutOfStock or UnknownItems when nothing was taken, Unavailable when that is not known.
        """
        ...

    async def release(self, reference: str) -> None:
        """Give back what `reference` took, if anything; may be repeated. Raises Unavailable."""
        ...


class Orders(Protocol):
    """Each method is one transaction. Raises Unavailable when the database does not answer."""

    async def by_key(self, key: str) -> Order | None:
        """The order that an Idempotency-Key belongs to."""
        ...

    async def intend(self, reference: str) -> None:
        """Remember that `reference` is to be released, unless `confirm` or `forget` comes soon."""
        ...

    async def forget(self, reference: str) -> None:
        """Nothing was reserved under `reference`."""
        ...

    async def compensate(self, reference: str) -> None:
        """Release `reference` as soon as possible."""
        ...

    async def confirm(self, draft: Draft) -> Order:
        """Store the order and its event and drop the intent to release.

        Raises Lapsed when the intent is gone already, Duplicate when the key has an order by now.
        """
        ...

    async def cancel(self, order_id: int) -> tuple[Order, bool]:
        """The cancelled order, and whether this call did it; stock is released soon. Raises UnknownOrder."""
        ...


class Lapsed(Exception):
    """The reservation took so long that its release has begun."""


class Duplicate(Exception):
    """Another request with the same Idempotency-Key was faster."""
