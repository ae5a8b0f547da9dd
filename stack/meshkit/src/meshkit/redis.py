"""Redis clients, sync and async, with a span for each command or pipeline within a trace; keys and values stay out.

They are redis-py's own classes otherwise: `Redis.from_url(…)`, `AsyncRedis.from_url(…)`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from redis import Redis as _Redis
from redis.asyncio import Redis as _AsyncRedis
from redis.asyncio.client import Pipeline as _AsyncPipeline
from redis.client import Pipeline as _Pipeline

from . import tracing

_CLIENT = tracing.SpanKind.CLIENT


class Redis(_Redis):
    def execute_command(self, *args: Any, **options: Any) -> Any:
        if not tracing.traced():
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        with tracing.span(str(args[0]), _CLIENT, _command(str(args[0]), *_where(self))):
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Pipeline:
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class Pipeline(_Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if not tracing.traced() or not self.command_stack:
            return super().execute(raise_on_error)
        name, about = _batch(self, bool(self.transaction))
        with tracing.span(name, _CLIENT, about):
            return super().execute(raise_on_error)


class AsyncRedis(_AsyncRedis):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not tracing.traced():
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        with tracing.span(str(args[0]), _CLIENT, _command(str(args[0]), *_where(self))):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPipeline:
        return AsyncPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class AsyncPipeline(_AsyncPipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        if not tracing.traced() or not self.command_stack:
            return await super().execute(raise_on_error)
        name, about = _batch(self, self.is_transaction)
        with tracing.span(name, _CLIENT, about):
            return await super().execute(raise_on_error)


def _where(client: Any) -> tuple[str, int, int]:
    """Host, port and number of the database."""
    told = client.connection_pool.connection_kwargs
    return str(told.get("host", "")), int(told.get("port") or 0), int(told.get("db") or 0)


@lru_cache(maxsize=256)
def _command(name: str, host: str, port: int, database: int) -> tracing.Attributes:
    return {
        "db.system.name": "redis",
        "db.operation.name": name,
        "db.namespace": str(database),
        "server.address": host,
        "server.port": port,
    }


def _batch(pipe: Any, transaction: bool) -> tuple[str, tracing.Attributes]:
    """MULTI or PIPELINE, with the names of its commands."""
    names = [str(command[0][0]) for command in pipe.command_stack]
    name = "MULTI" if transaction or pipe.explicit_transaction else "PIPELINE"
    return name, {
        **_command(name, *_where(pipe)),
        "db.operation.batch.size": len(names),
        "db.query.text": " ".join(names)[:1000],
    }
