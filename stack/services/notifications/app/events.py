"""`order.created` as a notification."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, Field, ValidationError

from .domain import Notification

ORDER_CREATED = "order.created"


class BadEvent(ValueError):
    """The message cannot be understood, however often it comes."""


class Item(BaseModel):
    sku: str
    quantity: int


class OrderCreated(BaseModel):
    """What is read of the event; orders may add fields."""

    order_id: int
    email: str = Field(min_length=3)
    name: str = ""
    items: list[Item]
    total: str


def of_event(message: bytes, now: Callable[[], datetime]) -> Notification:
    """The notification of an `order.created`; its id is that of the order. Raises BadEvent."""
    try:
        event = OrderCreated.model_validate(json.loads(message))
    except (ValidationError, ValueError) as error:
        raise BadEvent(str(error)) from error
    lines = "\n".join(f"  {item.quantity} × {item.sku}" for item in event.items)
    return Notification(
        id=f"{ORDER_CREATED}:{event.order_id}",
        order_id=event.order_id,
        to=event.email,
        subject=f"Your order {event.order_id}",
        body=f"Hello {event.name or event.email},\n\nwe have your order:\n{lines}\n\nTotal: {event.total}\n",
        created_at=now(),
    )
