"""Takes events from the outbox to RabbitMQ, at least once each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from meshkit import log
from meshkit.tracing import continued

from ..core.domain import Event
from ..core.metrics import EVENTS

BATCH = 50


class Outbox(Protocol):
    async def drain(self, publish: Callable[[Sequence[Event]], Awaitable[None]], limit: int) -> int: ...


class Publisher(Protocol):
    async def ready(self) -> None:
        """Returns when there is a connection; raises what prevents one."""
        ...

    async def publish(self, event: Event) -> None:
        """Returns when the broker has confirmed."""
        ...


class Relay:
    """`turn` is one pass of a `Loop`."""

    def __init__(self, outbox: Outbox, publisher: Publisher) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._failed: set[str] = set()

    async def turn(self) -> bool:
        """Whether more may be waiting. Raises what the database or the broker raise."""
        return await self._outbox.drain(self._publish, BATCH) == BATCH

    async def _publish(self, events: Sequence[Event]) -> None:
        outcomes = await asyncio.gather(*map(self._one, events), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _one(self, event: Event) -> None:
        """A broker that is away is seen once in the trace of an event, not again with every turn."""
        if event.id in self._failed:
            await self._publisher.ready()
        with continued(event.headers):
            try:
                await self._publisher.publish(event)
            except Exception:
                self._failed.add(event.id)
                raise
            self._failed.discard(event.id)
            EVENTS.labels(event.routing_key).inc()
            log.info("event.published", message_id=event.id)
