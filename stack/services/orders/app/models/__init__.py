"""Tables of the database `orders`."""

from .base import Base
from .compensation import CompensationRow
from .order import ItemRow, OrderRow
from .outbox import OutboxRow

__all__ = ["Base", "CompensationRow", "ItemRow", "OrderRow", "OutboxRow"]
