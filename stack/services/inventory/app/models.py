"""The tables: items, and what is reserved of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Numeric, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Tables of this service."""


class ItemRow(Base):
    """`stock` is what can still be reserved."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="ck_items_stock"),
        CheckConstraint("unit_price >= 0", name="ck_items_unit_price"),
    )

    sku: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    stock: Mapped[int]


class ReservationRow(Base):
    """What is set aside under a caller's own id. A released one stays, so that its id is not used again."""

    __tablename__ = "reservations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    released: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    lines: Mapped[list[LineRow]] = relationship(lazy="selectin", order_by="LineRow.sku")


class LineRow(Base):
    """One item of a reservation, at the price of its day."""

    __tablename__ = "reservation_lines"

    reservation_id: Mapped[str] = mapped_column(ForeignKey("reservations.id", ondelete="CASCADE"), primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("items.sku"), primary_key=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(12, 2))
