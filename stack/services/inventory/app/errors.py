"""Why the inventory refuses.

InventoryError
├── UnknownSkus      some item does not exist
├── OutOfStock       more is asked for than is there
├── ReservationClash the id of a reservation stands for something else already
└── SkuTaken         an item with this sku exists
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class InventoryError(Exception):
    """Base of what this service refuses; the message is for the caller."""


class UnknownSkus(InventoryError):
    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(f"unknown sku: {', '.join(skus)}")
        self.skus = list(skus)


@dataclass(frozen=True, slots=True)
class Short:
    """An item of which there is not enough."""

    sku: str
    requested: int
    available: int


class OutOfStock(InventoryError):
    def __init__(self, short: Sequence[Short]) -> None:
        listed = ", ".join(f"{one.sku} ({one.available} of {one.requested})" for one in short)
        super().__init__(f"not enough in stock: {listed}")
        self.short = list(short)


class ReservationClash(InventoryError):
    pass


class SkuTaken(InventoryError):
    def __init__(self, sku: str) -> None:
        super().__init__(f"an item with the sku {sku} exists")


def shortages(requested: Mapping[str, int], stock: Mapping[str, int]) -> list[Short]:
    """Items of which `stock` has less than is requested, by sku. Raises UnknownSkus."""
    unknown = sorted(requested.keys() - stock.keys())
    if unknown:
        raise UnknownSkus(unknown)
    return [Short(sku, quantity, stock[sku]) for sku, quantity in sorted(requested.items()) if quantity > stock[sku]]
