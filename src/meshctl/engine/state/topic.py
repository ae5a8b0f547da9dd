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
        self._readers: list[Reader] = []

    def publish(self, value: V, change: C | None) -> None:
        """For the topic's writer. Without a ``change`` nobody is woken, whoever looks sees the new value."""
        self.value = value
        if change is not None:
            for reader in self._readers:
                reader._tell(self, change)


class Reader:
    """Woken by changes of these topics alone; iterate for the change set of each topic that has changed.

    Changes that arrive between two notifications are handed over as one. What a topic holds when the reader is made
    is in its ``value``: nothing is missed between the two.
    """

    def __init__(self, *topics: Topic[Any, Any]) -> None:
        self._topics = topics
        self._clock = topics[0].clock
        self._changes: dict[Topic[Any, Any], Any] = {}
        self._changed = asyncio.Event()
        self._last_told: float | None = None
        for topic in topics:
            topic._readers.append(self)

    def close(self) -> None:
        """No more notifications; a reader that waits is not woken."""
        for topic in self._topics:
            topic._readers.remove(self)
        self._topics = ()

    def take(self) -> dict[Topic[Any, Any], Any]:
        """What has changed since it was told or asked last."""
        changes, self._changes = self._changes, {}
        self._changed.clear()
        return changes

    async def next(self) -> dict[Topic[Any, Any], Any]:
        """What has changed, as soon as anything has."""
        await self._changed.wait()
        if self._last_told is not None:
            remaining = self._last_told + NOTIFY_INTERVAL_S - self._clock.monotonic()
            if remaining > 0:
                await self._clock.sleep(remaining)
        self._last_told = self._clock.monotonic()
        return self.take()

    async def __aiter__(self) -> AsyncIterator[dict[Topic[Any, Any], Any]]:
        while True:
            yield await self.next()

    def _tell(self, topic: Topic[Any, Any], change: Any) -> None:
        before = self._changes.get(topic)
        self._changes[topic] = change if before is None else topic.joined(before, change)
        self._changed.set()


def both(earlier: frozenset[str], later: frozenset[str]) -> frozenset[str]:
    """Joins change sets of names."""
    return earlier | later
