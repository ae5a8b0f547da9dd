"""Events that others read. Fields are added, never renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .domain import Customer, Event, Order

EXCHANGE = "orders"
CREATED = "order.created"
CANCELLED = "order.cancelled"


def order_created(order: Order, customer: Customer, headers: Mapping[str, str]) -> Event:
    """`order.created`: the order and the address that hears of it. Money is a decimal string."""
    body = _order(order) | {"name": customer.name, "email": customer.email}
    return Event(f"{CREATED}:{order.id}", CREATED, body, headers)


def order_cancelled(order: Order, headers: Mapping[str, str]) -> Event:
    """`order.cancelled`: the order whose stock goes back."""
    return Event(f"{CANCELLED}:{order.id}", CANCELLED, _order(order), headers)


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "user_id": order.user_id,
        "items": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
        "total": str(order.total),
        "created_at": order.created_at.isoformat(),
    }
