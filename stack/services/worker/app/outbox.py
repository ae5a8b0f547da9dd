"""Notifications and their mails in Redis.

notification:<id>   hash, written by notifications; `status`, `sent_at` and `error` are set here
mails               hash: id of the notification → RFC 5322 text
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from redis import Redis

MAILS = "mails"
QUEUED, SENT, FAILED = "queued", "sent", "failed"


class Outbox:
    """The client decodes responses; methods raise redis.RedisError."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, id: str) -> Mapping[str, str]:
        """The notification's hash, empty if there is none."""
        return cast("dict[str, str]", self._redis.hgetall(_key(id)))

    def sent(self, id: str, mail: str, at: datetime) -> None:
        """Keep the mail and mark its notification, both or neither."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(MAILS, id, mail)
            pipe.hset(_key(id), mapping={"status": SENT, "sent_at": at.isoformat()})
            pipe.hdel(_key(id), "error")
            pipe.execute()

    def failed(self, id: str, error: str) -> None:
        """Mark the notification, if there is one."""
        if self._redis.exists(_key(id)):
            self._redis.hset(_key(id), mapping={"status": FAILED, "error": error})


def _key(id: str) -> str:
    return f"notification:{id}"
