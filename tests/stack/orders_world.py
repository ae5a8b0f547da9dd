"""A world in memory for the orders saga: users, stock, and a store that can fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from stack.services.orders.app.core.domain import CANCELLED, CONFIRMED, Customer, Draft, Line, Order
from stack.services.orders.app.core.errors import (
    OutOfStock,
    Shortage,
    Unavailable,
    UnknownItems,
    UnknownOrder,
    UnknownUser,
)
from stack.services.orders.app.core.ports import Duplicate, Lapsed
from stack.services.orders.app.core.saga import Saga

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA = Customer(1, "Ada", "ada@example.com")


@dataclass
class World:
    """`away` names what does not answer; `late` makes inventory reserve although its answer is lost."""

    stock: Counter[str] = field(default_factory=lambda: Counter({"espresso": 10, "croissant": 1}))
    away: set[str] = field(default_factory=set)
    late: bool = False
    reserved: dict[str, Mapping[str, int]] = field(default_factory=dict)
    intents: dict[str, str] = field(default_factory=dict)
    stored: list[Order] = field(default_factory=list)
    keys: dict[str, Order] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def saga(self) -> Saga:
        references = iter(f"r{n}" for n in range(1, 100))
        return Saga(
            self,
            Stock(self),
            Store(self),
            lambda: self.told.append("compensate"),
            lambda: self.told.append("publish"),
            lambda: next(references),
        )

    async def get(self, user_id: int) -> Customer:
        self.reach("users")
        if user_id != ADA.id:
            raise UnknownUser(user_id)
        return ADA

    def reach(self, service: str) -> None:
        if service in self.away:
            raise Unavailable(service)


@dataclass
class Stock:
    """`core.ports.Inventory`."""

    world: World

    async def reserve(self, reference: str, quantities: Mapping[str, int]) -> tuple[Line, ...]:
        world = self.world
        if not world.late:
            world.reach("inventory")
        if unknown := [sku for sku in quantities if sku not in world.stock]:
            raise UnknownItems(unknown)
        short = [Shortage(sku, n, world.stock[sku]) for sku, n in quantities.items() if n > world.stock[sku]]
        if short:
            raise OutOfStock(short)
        world.stock.subtract(quantities)
        world.reserved[reference] = quantities
        world.reach("inventory")
        return tuple(Line(sku, n, Decimal("2.50")) for sku, n in sorted(quantities.items()))

    async def release(self, reference: str) -> None:
        self.world.reach("inventory")
        self.world.stock.update(self.world.reserved.pop(reference, {}))


@dataclass
class Store:
    """`core.ports.Orders`; intents are "later" or "now"."""

    world: World

    async def get(self, order_id: int) -> Order:
        for order in self.world.stored:
            if order.id == order_id:
                return order
        raise UnknownOrder(order_id)

    async def newest(self, *, user_id: int | None, limit: int, offset: int) -> list[Order]:
        found = [order for order in reversed(self.world.stored) if user_id in (None, order.user_id)]
        return found[offset : offset + limit]

    async def by_key(self, key: str) -> Order | None:
        return self.world.keys.get(key)

    async def intend(self, reference: str) -> None:
        self.world.reach("database")
        self.world.intents[reference] = "later"

    async def forget(self, reference: str) -> None:
        del self.world.intents[reference]

    async def compensate(self, reference: str) -> None:
        self.world.reach("database")
        if reference in self.world.intents:
            self.world.intents[reference] = "now"

    async def confirm(self, draft: Draft) -> Order:
        self.world.reach("confirm")
        if draft.key and draft.key in self.world.keys:
            raise Duplicate
        if self.world.intents.pop(draft.reference, None) is None:
            raise Lapsed
        number = len(self.world.stored) + 1
        order = Order(
            number,
            draft.reference,
            CONFIRMED,
            draft.customer.id,
            draft.lines,
            draft.total,
            NOW,
            draft.fingerprint,
        )
        self.world.stored.append(order)
        if draft.key:
            self.world.keys[draft.key] = order
        return order

    async def cancel(self, order_id: int) -> tuple[Order, bool]:
        order = await self.get(order_id)
        if order.status == CANCELLED:
            return order, False
        cancelled = replace(order, status=CANCELLED)
        self.world.stored[self.world.stored.index(order)] = cancelled
        self.world.intents[order.reference] = "now"
        return cancelled, True
