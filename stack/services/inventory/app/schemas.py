"""What goes over the wire."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.config import JsonDict, JsonValue

MAX_STOCK = 1_000_000
Sku = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Quantity = Annotated[int, Field(ge=1, le=MAX_STOCK)]
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    PlainSerializer(float, return_type=float, when_used="json"),
]
ReservationId = Annotated[str, StringConstraints(min_length=1, max_length=64)]

_LINES: list[JsonValue] = [{"sku": "espresso", "quantity": 2}, {"sku": "croissant", "quantity": 1}]
_ID = "5f0c3a1e-9d1b-4c58-8f6e-2f1f0e6f7a11"


def _example(value: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"example": value})


class Item(BaseModel):
    """An item; `stock` is what can still be reserved."""

    model_config = ConfigDict(
        from_attributes=True,
        extra="forbid",
        json_schema_extra={
            "example": {"sku": "mocha", "name": "Mocha", "unit_price": 4.2, "stock": 40},
        },
    )

    sku: Sku
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    unit_price: Price
    stock: int = Field(default=0, ge=0, le=MAX_STOCK)


class Restock(BaseModel):
    """How many came in."""

    model_config = _example({"quantity": 20})

    quantity: Quantity


class Wanted(BaseModel):
    """An item and how many of it."""

    sku: Sku
    quantity: Quantity


class Basket(BaseModel):
    """Items; one that is named twice counts with the sum."""

    model_config = _example({"items": _LINES})

    items: list[Wanted] = Field(min_length=1, max_length=100)

    def quantities(self) -> dict[str, int]:
        """Quantity by sku."""
        total: Counter[str] = Counter()
        for wanted in self.items:
            total[wanted.sku] += wanted.quantity
        return dict(total)


class Reserve(Basket):
    """Items to set aside under an id of the caller's own."""

    model_config = _example({"reservation_id": _ID, "items": _LINES})

    reservation_id: ReservationId


class Release(BaseModel):
    """The reservation to give back."""

    model_config = _example({"reservation_id": _ID})

    reservation_id: ReservationId


class Availability(BaseModel):
    """Whether there is enough of one item."""

    sku: str
    requested: int
    available: int


class Checked(BaseModel):
    """`available` is True if all items could be reserved now."""

    available: bool
    items: list[Availability]


class ReservedLine(BaseModel):
    """An item that is set aside, at the price of its day."""

    model_config = ConfigDict(from_attributes=True)

    sku: str
    quantity: int
    unit_price: Price


class Reservation(BaseModel):
    """What is set aside under an id."""

    reservation_id: str
    items: list[ReservedLine]


class Released(BaseModel):
    """`released` is False if there was nothing to give back (any more)."""

    reservation_id: str
    released: bool


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class UnknownProblem(Problem):
    """Which items do not exist."""

    unknown: list[str]


class ShortProblem(Problem):
    """Of which items there is not enough."""

    short: list[Availability]
