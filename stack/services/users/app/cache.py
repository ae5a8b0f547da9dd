"""Single users in Redis, which may be away: reads then go to the database."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from meshkit import log
from meshkit.redis import AsyncRedis

from .schemas import User

REQUESTS = Counter("users_cache_requests", "Reads by what the cache had to say.", ["result"])

_TIMEOUT_S = 0.25
_REST_S = 2.0


class Cache:
    """Cache-aside with a time to live. After a failure reads leave Redis alone for two seconds."""

    def __init__(self, redis: Redis, ttl_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._ttl_s = ttl_s
        self._clock = clock
        self._away_until = 0.0

    async def get(self, user_id: int) -> User | None:
        """The user, None if it is not cached."""
        if self._resting():
            REQUESTS.labels("bypass").inc()
            return None
        try:
            found = await self._redis.get(_key(user_id))
        except (RedisError, OSError) as error:
            self._failed(error)
            REQUESTS.labels("error").inc()
            return None
        REQUESTS.labels("hit" if found else "miss").inc()
        return User.model_validate_json(found) if found else None

    async def put(self, user: User) -> None:
        """Keep a user for a while, unless a newer copy came meanwhile."""
        if self._resting():
            return
        try:
            await self._redis.set(_key(user.id), user.model_dump_json(), ex=self._ttl_s, nx=True)
        except (RedisError, OSError) as error:
            self._failed(error)

    async def forget(self, user_id: int) -> None:
        """Drop a user that has changed; if Redis is away the old copy lives to its end at most."""
        try:
            await self._redis.delete(_key(user_id))
        except (RedisError, OSError) as error:
            self._failed(error)

    async def close(self) -> None:
        await self._redis.aclose()

    def _resting(self) -> bool:
        return self._clock() < self._away_until

    def _failed(self, error: Exception) -> None:
        if not self._resting():
            log.warning("cache.unavailable", error=str(error) or type(error).__name__)
        self._away_until = self._clock() + _REST_S


def connect(url: str) -> Redis:
    """A client that gives up after a quarter of a second, without a retry."""
    return AsyncRedis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def _key(user_id: int) -> str:
    return f"user:{user_id}"
