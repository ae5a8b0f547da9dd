"""Reservations that are released unless their order is stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Moment


class CompensationRow(Base):
    """Due at `due_at`; a failed release moves that on."""

    __tablename__ = "compensations"
    __table_args__ = (Index("ix_compensations_due_at", "due_at"),)

    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Moment]
