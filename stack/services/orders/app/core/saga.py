"""How an order is taken: check the user, reserve the stock, store, and undo what a failed step leaves.

The intent to release is stored before the stock is reserved, and dropped in the transaction that stores the
order: a reservation without an order is released even if this process dies in between.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from .domain import Draft, Order, Request
from .errors import KeyReused, OrderError, OutOfStock, Unavailable, UnknownItems
from .ports import Duplicate, Inventory, Lapsed, Orders, Users


def new_reference() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Saga:
    """`compensating` is told when a release became due, `published` when an event became due."""

    users: Users
    inventory: Inventory
    orders: Orders
    compensating: Callable[[], None]
    published: Callable[[], None]
    reference: Callable[[], str] = field(default=new_reference)

    async def place(self, request: Request) -> tuple[Order, bool]:
        """The order, and False if an earlier request with the same key has placed it.

        Raises an OrderError; nothing of the order remains then.
        """
        if request.key and (earlier := await self._earlier(request)):
            return earlier, False
        customer = await self.users.get(request.user_id)
        reference = self.reference()
        await self.orders.intend(reference)
        try:
            lines = await self.inventory.reserve(reference, request.quantities)
        except (OutOfStock, UnknownItems):
            await self.orders.forget(reference)
            raise
        except BaseException:
            await self._undo(reference)
            raise
        draft = Draft(reference, customer, lines, request.key, request.fingerprint())
        return await self._confirm(draft, request)

    async def cancel(self, order_id: int) -> tuple[Order, bool]:
        """The cancelled order, and whether it was confirmed until now. Raises UnknownOrder."""
        order, changed = await self.orders.cancel(order_id)
        if changed:
            self.compensating()
            self.published()
        return order, changed

    async def _confirm(self, draft: Draft, request: Request) -> tuple[Order, bool]:
        try:
            order = await self.orders.confirm(draft)
        except BaseException as error:
            await self._undo(draft.reference)
            if isinstance(error, Duplicate) and (earlier := await self._earlier(request)):
                return earlier, False
            _translate(error)
        self.published()
        return order, True

    async def _earlier(self, request: Request) -> Order | None:
        order = await self.orders.by_key(request.key)
        if order is not None and order.fingerprint != request.fingerprint():
            raise KeyReused
        return order

    async def _undo(self, reference: str) -> None:
        """A release that cannot be marked as due is due by itself a little later."""
        try:
            await self.orders.compensate(reference)
        except OrderError:
            return
        self.compensating()


def _translate(error: BaseException) -> NoReturn:
    if isinstance(error, Lapsed | Duplicate):
        raise Unavailable("orders") from error
    raise error
