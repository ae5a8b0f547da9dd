"""Events that RabbitMQ has not confirmed yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, BigId, Moment


class OutboxRow(Base):
    """A row lives from the order's transaction to the broker's confirmation."""

    __tablename__ = "outbox"

    id: Mapped[BigId]
    message_id: Mapped[str] = mapped_column(String(64))
    routing_key: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Moment]
