"""Keeps a notification and has it sent once, however often it is asked to."""

from __future__ import annotations

from dataclasses import dataclass

from meshkit import log

from .domain import QUEUED, Notification
from .metrics import NOTIFICATIONS
from .ports import Mailer, Store


@dataclass(frozen=True, slots=True)
class Notifier:
    store: Store
    mailer: Mailer

    async def notify(self, notification: Notification) -> Notification:
        """What is kept. Raises Unavailable: then ask again, as long as it takes.

        One that is still queued is queued again, because the last attempt may have ended before that.
        """
        kept = await self.store.add(notification)
        if kept.status == QUEUED:
            await self.mailer.send(kept)
            NOTIFICATIONS.inc()
            log.info("notification.queued", id=kept.id, order_id=kept.order_id, to=kept.to)
        return kept
