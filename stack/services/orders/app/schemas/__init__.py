"""JSON in and out."""

from .order import OrderIn, OrderItem, OrderOut

__all__ = ["OrderIn", "OrderItem", "OrderOut"]
