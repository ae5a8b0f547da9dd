"""Who follows the memory: every live stream gets what has changed since it was last asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from meshctl.collector.traces.memory import TraceMemory

#: Traces that one message of a stream may name; more are a reset.
MAX_CHANGES = 500

#: Streams at once.
MAX_STREAMS = 16


class TooManySubscribers(Exception):
    """As many streams, or requests that wait for a trace, as there may be."""


class Batch(NamedTuple):
    """What has changed since the batch before. ``removed`` are no longer there."""

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reset: bool = False


class Subscriber:
    """Changes that one stream has not sent yet; more than it may send are forgotten but for the fact."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._removed: dict[str, bool] = {}
        self._reset = False

    def add(self, changed: Sequence[str], removed: Sequence[str]) -> None:
        """Note what has changed; a trace that was removed and has begun anew has changed."""
        if not self._reset:
            self._removed.update(dict.fromkeys(removed, True))
            self._removed.update(dict.fromkeys(changed, False))
            if len(self._removed) > MAX_CHANGES:
                self._removed.clear()
                self._reset = True
        self.event.set()

    def drain(self) -> Batch:
        """Take what there is."""
        self.event.clear()
        known, self._removed = self._removed, {}
        reset, self._reset = self._reset, False
        return Batch(
            tuple(trace_id for trace_id, removed in known.items() if not removed),
            tuple(trace_id for trace_id, removed in known.items() if removed),
            reset,
        )


class ChangeBroadcaster:
    """Listens to the memory for all streams. Everything here, changes of the memory too, happens on the event loop."""

    def __init__(self, memory: TraceMemory) -> None:
        self.closing = asyncio.Event()
        self._subscribers: set[Subscriber] = set()
        self._unlisten: Callable[[], None] = memory.listen(self._broadcast)

    @contextmanager
    def subscribed(self) -> Iterator[Subscriber]:
        """What changes from now on. Raises TooManySubscribers."""
        if len(self._subscribers) >= MAX_STREAMS:
            raise TooManySubscribers
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream."""
        self._unlisten()
        self.closing.set()
        for subscriber in self._subscribers:
            subscriber.event.set()

    def _broadcast(self, changed: Sequence[str], removed: Sequence[str]) -> None:
        for subscriber in self._subscribers:
            subscriber.add(changed, removed)
