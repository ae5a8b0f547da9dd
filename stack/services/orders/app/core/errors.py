"""Why an order is not taken.

OrderError
├── UnknownUser        nobody has that user id
├── UnknownItems       inventory has no such item
├── OutOfStock         there is less than was asked for
├── UnknownOrder       no order has that id
├── KeyReused          the Idempotency-Key belongs to another order
└── Unavailable        a service this order needs does not answer; try again later
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shortage:
    """Pieces of `sku` that were asked for, and that are there."""

    sku: str
    requested: int
    available: int


class OrderError(Exception):
    """`outcome` is the `status` label of `order_total`; `body` is the JSON of the answer."""

    outcome = "rejected"

    def body(self) -> dict[str, Any]:
        return {"detail": str(self)}


class UnknownUser(OrderError):
    def __init__(self, user_id: int) -> None:
        super().__init__(f"user {user_id} does not exist")


class UnknownItems(OrderError):
    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(f"no such item: {', '.join(skus)}")
        self.skus = tuple(skus)

    def body(self) -> dict[str, Any]:
        return {"detail": str(self), "unknown": list(self.skus)}


class OutOfStock(OrderError):
    outcome = "out_of_stock"

    def __init__(self, short: Sequence[Shortage]) -> None:
        super().__init__(f"not enough stock: {', '.join(_phrase(item) for item in short)}")
        self.short = tuple(short)

    def body(self) -> dict[str, Any]:
        short = [{"sku": item.sku, "requested": item.requested, "available": item.available} for item in self.short]
        return {"detail": str(self), "short": short}


class UnknownOrder(OrderError):
    def __init__(self, order_id: int) -> None:
        super().__init__(f"order {order_id} does not exist")


class KeyReused(OrderError):
    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for a different order")


class Unavailable(OrderError):
    outcome = "unavailable"

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} is not available right now, nothing was changed")
        self.service = service

    def body(self) -> dict[str, Any]:
        return {"detail": str(self), "service": self.service}


def _phrase(item: Shortage) -> str:
    return f"{item.sku} (asked for {item.requested}, {item.available} left)"
