"""The nouns of an order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

CONFIRMED = "confirmed"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Customer:
    """What orders knows of a user."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Line:
    """An item, how many of it, and the price of one."""

    sku: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for. `quantities` has a sku once; `key` is its Idempotency-Key, '' without."""

    user_id: int
    quantities: Mapping[str, int]
    key: str = ""

    def fingerprint(self) -> str:
        """Equal for equal orders, whatever their key; 64 hex digits."""
        body = json.dumps([self.user_id, sorted(self.quantities.items())])
        return hashlib.sha256(body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """An order whose stock is reserved under `reference` and that is not stored yet."""

    reference: str
    customer: Customer
    lines: tuple[Line, ...]
    key: str = ""
    fingerprint: str = ""

    @property
    def total(self) -> Decimal:
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Order:
    """A stored order."""

    id: int
    reference: str
    status: str
    user_id: int
    lines: tuple[Line, ...]
    total: Decimal
    created_at: datetime
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A message for the exchange `orders`; `headers` carry the trace of the request that caused it."""

    id: str
    routing_key: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
