"""One topic of what is known: a value, one writer, and any number of readers told at a bearable pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from meshctl.ports.world import Clock

V = TypeVar("V")
C = TypeVar("C")

#: Seconds between two notifications to one reader; the first after a quiet time comes at once.
NOTIFY_INTERVAL_S = 0.1


class Topic(Generic[V, C]):
    """``value`` is immutable. ``joined(earlier, later)`` makes one change set of two; all on one event loop."""

    def __init__(self, value: V, clock: Clock, joined: Callable[[C, C], C]) -> None:
        self.value = value
        self.clock = clock
        self.joined = joined
        self._readers: list[Subscription[V, C]] = []

    def subscribe(self) -> Subscription[V, C]:
        """Snapshot and subscription in one step: nothing is missed between the two."""
        return Subscription(self, _Pace(self.clock))

    def publish(self, value: V, change: C | None) -> None:
        """For the topic's writer. Without a ``change`` nobody is woken, whoever looks sees the new value."""
        self.value = value
        if change is not None:
            for reader in self._readers:
                reader.tell(change)


class Subscription(Generic[V, C]):
    """One reader of one topic. ``snapshot`` is the value at the moment of subscribing; iterate for what comes after.

    Changes that arrive between two notifications are handed over as one.
    """

    def __init__(self, topic: Topic[V, C], pace: _Pace) -> None:
        self.snapshot = topic.value
        self._topic = topic
        self._pace = pace
        self._change: C | None = None
        topic._readers.append(self)

    def close(self) -> None:
        """No more notifications; a reader that waits is not woken."""
        if self in self._topic._readers:
            self._topic._readers.remove(self)

    def tell(self, change: C) -> None:
        self._change = change if self._change is None else self._topic.joined(self._change, change)
        self._pace.changed.set()

    def take(self) -> C | None:
        """What has changed since it was asked last; None when nothing has."""
        change, self._change = self._change, None
        return change

    async def next(self) -> tuple[V, C]:
        """The newest value and what has changed, as soon as anything has."""
        while True:
            await self._pace.due()
            change = self.take()
            if change is not None:
                return self._topic.value, change

    async def __aiter__(self) -> AsyncIterator[tuple[V, C]]:
        while True:
            yield await self.next()


class Reader:
    """One reader of several topics, woken by these alone."""

    def __init__(self, *topics: Topic[Any, Any]) -> None:
        self._pace = _Pace(topics[0].clock)
        self._subscriptions = {topic: Subscription(topic, self._pace) for topic in topics}

    def close(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.close()

    async def next(self) -> dict[Topic[Any, Any], Any]:
        """The change set of each topic that has changed, as soon as one has."""
        await self._pace.due()
        changes = {topic: subscription.take() for topic, subscription in self._subscriptions.items()}
        return {topic: change for topic, change in changes.items() if change is not None}

    async def __aiter__(self) -> AsyncIterator[dict[Topic[Any, Any], Any]]:
        while True:
            yield await self.next()


class _Pace:
    """When a reader is woken: at the first change, then not before the interval is over."""

    def __init__(self, clock: Clock) -> None:
        self.changed = asyncio.Event()
        self._clock = clock
        self._last_told: float | None = None

    async def due(self) -> None:
        await self.changed.wait()
        if self._last_told is not None:
            remaining = self._last_told + NOTIFY_INTERVAL_S - self._clock.monotonic()
            if remaining > 0:
                await self._clock.sleep(remaining)
        self._last_told = self._clock.monotonic()
        self.changed.clear()


def both(earlier: frozenset[str], later: frozenset[str]) -> frozenset[str]:
    """Joins change sets of names."""
    return earlier | later
