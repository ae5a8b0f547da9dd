"""An order as clients write and read it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ..core.domain import Order, Request


class OrderItem(BaseModel):
    sku: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["espresso"])
    quantity: int = Field(ge=1, le=1_000_000, examples=[1])


class OrderIn(BaseModel):
    """A sku named twice counts as one line with the sum."""

    model_config = ConfigDict(extra="forbid")

    user_id: int = Field(ge=1, lt=2**63, examples=[1])
    items: list[OrderItem] = Field(min_length=1, max_length=100)

    def request(self, key: str) -> Request:
        quantities: Counter[str] = Counter()
        for item in self.items:
            quantities[item.sku] += item.quantity
        return Request(self.user_id, dict(quantities), key)


class OrderLine(OrderItem):
    unit_price: float = Field(examples=[2.5])


class OrderOut(BaseModel):
    id: int
    status: str = Field(description="confirmed or cancelled", examples=["confirmed"])
    user_id: int
    items: list[OrderLine]
    total: float = Field(examples=[2.5])
    created_at: datetime

    @classmethod
    def of(cls, order: Order) -> OrderOut:
        lines = [
            OrderLine(sku=line.sku, quantity=line.quantity, unit_price=float(line.unit_price)) for line in order.lines
        ]
        return cls(
            id=order.id,
            status=order.status,
            user_id=order.user_id,
            items=lines,
            total=float(order.total),
            created_at=order.created_at,
        )
