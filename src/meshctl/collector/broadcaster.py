"""Who waits for changes of the memory: live streams, and requests for one trace that has not settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from meshctl.collector.memory import TraceMemory

#: Traces that one message of a stream may tell of; more are told as a reset.
MAX_CHANGES = 500

#: Streams, and requests that wait for a trace, at once.
MAX_STREAMS = 16
MAX_WAITERS = 64


class TooManySubscribers(Exception):
    """As many streams or waiting requests as there may be."""


class Batch(NamedTuple):
    """What has changed since the batch before. ``removed`` are no longer there."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    reset: bool


class Subscriber:
    """Changes that one stream has not told yet; more than it may tell are forgotten but for the fact."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._ids: dict[str, bool] = {}
        self._reset = False

    def add(self, trace_id: str, removed: bool) -> None:
        """Note one change."""
        if not self._reset:
            self._ids[trace_id] = removed
            if len(self._ids) > MAX_CHANGES:
                self._ids.clear()
                self._reset = True
        if not self.event.is_set():
            self.event.set()

    def drain(self) -> Batch:
        """Take what there is."""
        self.event.clear()
        ids, self._ids = self._ids, {}
        reset, self._reset = self._reset, False
        return Batch(
            tuple(trace_id for trace_id, removed in ids.items() if not removed),
            tuple(trace_id for trace_id, removed in ids.items() if removed),
            reset,
        )


class ChangeBroadcaster:
    """The one listener of the memory. Everything here, changes of the memory too, happens on the event loop."""

    def __init__(self, memory: TraceMemory, loop: asyncio.AbstractEventLoop) -> None:
        self.closing = asyncio.Event()
        self._loop = loop
        self._changed_at: dict[str, float] = {}
        self._streams: set[Subscriber] = set()
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._waiting = 0
        self._forget: Callable[[], None] = memory.listen(self._heard)

    def changed_at(self, trace_id: str) -> float:
        """Loop time of the last change of a trace; a time long ago when it has not changed since the start."""
        return self._changed_at.get(trace_id, float("-inf"))

    @contextmanager
    def stream(self) -> Iterator[Subscriber]:
        """What changes from now on. Raises TooManySubscribers."""
        if len(self._streams) >= MAX_STREAMS:
            raise TooManySubscribers
        pending = Subscriber()
        self._streams.add(pending)
        try:
            yield pending
        finally:
            self._streams.discard(pending)

    @contextmanager
    def waiting_for(self, trace_id: str) -> Iterator[asyncio.Event]:
        """An event that every change of one trace sets, and the end of the collector too. Raises TooManySubscribers."""
        if self._waiting >= MAX_WAITERS:
            raise TooManySubscribers
        event = asyncio.Event()
        self._waiting += 1
        self._waiters.setdefault(trace_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiting -= 1
            events = self._waiters[trace_id]
            events.discard(event)
            if not events:
                del self._waiters[trace_id]

    def close(self) -> None:
        """End every stream and wake every waiting request."""
        self._forget()
        self.closing.set()
        for pending in self._streams:
            pending.event.set()
        for events in self._waiters.values():
            for event in events:
                event.set()

    def _heard(self, trace_id: str, removed: bool) -> None:
        if removed:
            self._changed_at.pop(trace_id, None)
        else:
            self._changed_at[trace_id] = self._loop.time()
        for pending in self._streams:
            pending.add(trace_id, removed)
        for event in self._waiters.get(trace_id, ()):
            event.set()
