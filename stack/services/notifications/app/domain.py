"""A notification: one mail about one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

QUEUED = "queued"
SENT = "sent"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notification:
    """`status` is queued, sent or failed; `error` says why it failed."""

    id: str
    order_id: int
    to: str
    subject: str
    body: str
    created_at: datetime
    status: str = QUEUED
    sent_at: datetime | None = None
    error: str = ""
