"""Whether tasks are being taken."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready
from celery.worker.consumer import Consumer
from redis import Redis

from .celery_app import stopping


class NotReady(Exception):
    """Why no task is taken now."""


class Health:
    """`check` raises NotReady or redis.RedisError; any thread may call it."""

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._consumer: Consumer | None = None
        worker_ready.connect(self._started, weak=False)

    def check(self) -> None:
        self._broker.ping()
        if stopping.is_set():
            raise NotReady("stopping")
        connection = self._consumer.connection if self._consumer else None
        if connection is None or not connection.connected:
            raise NotReady("not consuming yet")

    def _started(self, sender: Any, **_: Any) -> None:
        self._consumer = sender
