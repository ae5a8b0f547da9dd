"""JSON in and out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from .domain import Notification

ADDRESS = r"^[^@\s]+@[^@\s]+$"
ONE_LINE = r"^[^\r\n]*$"


class NotifyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order_id: int = Field(ge=1, lt=2**63, examples=[1])
    to: str = Field(max_length=254, pattern=ADDRESS, examples=["ada@example.com"])
    subject: str = Field(default="", max_length=200, pattern=ONE_LINE)
    body: str = Field(default="", max_length=10_000)

    def notification(self) -> Notification:
        return Notification(
            id=uuid.uuid4().hex,
            order_id=self.order_id,
            to=self.to,
            subject=self.subject or f"About your order {self.order_id}",
            body=self.body or f"There is news of your order {self.order_id}.\n",
            created_at=datetime.now(UTC),
        )


class NotificationOut(BaseModel):
    id: str
    order_id: int
    to: str
    status: str = Field(description="queued, sent or failed", examples=["sent"])
    sent_at: datetime | None
    subject: str
    created_at: datetime
    error: str | None = Field(description="why it failed")

    @classmethod
    def of(cls, notification: Notification) -> NotificationOut:
        return cls(
            id=notification.id,
            order_id=notification.order_id,
            to=notification.to,
            status=notification.status,
            sent_at=notification.sent_at,
            subject=notification.subject,
            created_at=notification.created_at,
            error=notification.error or None,
        )
