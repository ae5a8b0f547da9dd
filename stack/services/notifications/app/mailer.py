"""Queues the Celery task `send_email`, known here by its name only."""

from __future__ import annotations

import asyncio

from celery import Celery
from kombu.exceptions import OperationalError

from meshkit.celery import queue

from .domain import Notification
from .ports import Unavailable

SEND_EMAIL = "send_email"


def celery_app(broker_url: str) -> Celery:
    """A client that gives up on an unreachable broker after about two seconds."""
    app = Celery("notifications", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        broker_transport_options={"socket_timeout": 2.0, "socket_connect_timeout": 1.0},
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1},
    )
    return app


class CeleryMailer:
    """`ports.Mailer`: a task names a notification, whose hash in Redis says the rest."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    async def send(self, notification: Notification) -> None:
        try:
            await asyncio.to_thread(queue, self._app, SEND_EMAIL, {"notification_id": notification.id})
        except (OperationalError, OSError) as error:
            raise Unavailable(f"celery broker: {error}") from error
