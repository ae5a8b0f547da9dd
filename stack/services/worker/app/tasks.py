"""The tasks; their names are known to other services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery.exceptions import Reject
from redis import RedisError

from meshkit import log
from meshkit.celery import TracedTask, carrier
from meshkit.redis import Redis
from meshkit.tracing import continued

from .celery_app import app, config, stopping
from .mail import MailRefused
from .metrics import MAILS
from .outbox import Outbox
from .sending import UnknownNotification, send

LONGEST_S = 60.0

redis = Redis.from_url(config.redis_url, decode_responses=True, socket_timeout=2.0, socket_connect_timeout=1.0)
outbox = Outbox(redis)


class MailTask(TracedTask):
    """Marks the notification as failed when no attempt is left."""

    abstract = True

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: dict[str, Any], einfo: Any) -> None:
        with continued(carrier(self.request)):
            log.error("mail.failed", id=kwargs["notification_id"], error=str(exc))
            outbox.failed(kwargs["notification_id"], str(exc))


@app.task(
    name="send_email",
    base=MailTask,
    autoretry_for=(MailRefused, RedisError),
    throws=(MailRefused, UnknownNotification),
    max_retries=3,
    retry_backoff=1,
    retry_backoff_max=10,
)
def send_email(*, notification_id: str) -> None:
    """Send the mail of a notification; a second time does nothing."""
    try:
        done = send(outbox, notification_id, lambda: datetime.now(UTC))
    except MailRefused as error:
        log.warning("mail.refused", id=notification_id, error=str(error))
        raise
    if done:
        MAILS.inc()
        log.info("mail.sent", id=notification_id)


@app.task(name="slow_task", base=TracedTask)
def slow_task(seconds: float) -> None:
    """Take `seconds` (0 to 60). A worker that is told to stop gives the task back to the queue."""
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError(f"seconds must be from 0 to {LONGEST_S:g}, not {seconds}")
    log.info("slow_task.started", seconds=seconds)
    if stopping.wait(seconds):
        log.warning("slow_task.given_back", seconds=seconds)
        raise Reject("the worker stops", requeue=True)
    log.info("slow_task.done", seconds=seconds)
