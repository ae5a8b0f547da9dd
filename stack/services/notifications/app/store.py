"""Notifications in Redis.

notification:<id>            hash, as `to_hash` writes it; the worker sets `status`, `sent_at` and `error`
notifications                sorted set of ids by time
notifications:order:<id>     the same for one order
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .domain import Notification
from .ports import Unavailable

ALL = "notifications"


class RedisStore:
    """`ports.Store`; the client decodes responses."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ping(self) -> None:
        """Raises Unavailable."""
        async with _reachable():
            await self._redis.ping()

    async def add(self, notification: Notification) -> Notification:
        key = _key(notification.id)
        score = {notification.id: notification.created_at.timestamp()}
        async with _reachable(), self._redis.pipeline(transaction=True) as pipe:
            for field, value in to_hash(notification).items():
                pipe.hsetnx(key, field, value)
            pipe.zadd(ALL, score, nx=True)
            pipe.zadd(_of_order(notification.order_id), score, nx=True)
            pipe.hgetall(key)
            *_, kept = await pipe.execute()
        return from_hash(kept)

    async def get(self, id: str) -> Notification | None:
        async with _reachable():
            found = cast("dict[str, str]", await self._redis.hgetall(_key(id)))
        return from_hash(found) if found else None

    async def newest(self, *, order_id: int | None, limit: int, offset: int) -> list[Notification]:
        index = ALL if order_id is None else _of_order(order_id)
        async with _reachable():
            ids = cast("list[str]", await self._redis.zrevrange(index, offset, offset + limit - 1))
            async with self._redis.pipeline(transaction=False) as pipe:
                for id in ids:
                    pipe.hgetall(_key(id))
                found = await pipe.execute()
        return [from_hash(one) for one in found if one]


def to_hash(notification: Notification) -> dict[str, str]:
    """Fields as text; `sent_at` and `error` come with the worker."""
    return {
        "id": notification.id,
        "order_id": str(notification.order_id),
        "to": notification.to,
        "subject": notification.subject,
        "body": notification.body,
        "created_at": notification.created_at.isoformat(),
        "status": notification.status,
    }


def from_hash(fields: Mapping[str, str]) -> Notification:
    sent_at = fields.get("sent_at")
    return Notification(
        id=fields["id"],
        order_id=int(fields["order_id"]),
        to=fields["to"],
        subject=fields["subject"],
        body=fields["body"],
        created_at=datetime.fromisoformat(fields["created_at"]),
        status=fields["status"],
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        error=fields.get("error", ""),
    )


def _key(id: str) -> str:
    return f"notification:{id}"


def _of_order(order_id: int) -> str:
    return f"{ALL}:order:{order_id}"


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"redis: {error}") from error
