"""The mesh as every view sees it: one writer, any number of readers that are told at a bearable pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from meshctl.model.status import MeshState
from meshctl.ports.world import Clock

#: Seconds between two notifications to one reader; the first after a quiet time comes at once.
NOTIFY_INTERVAL_S = 0.1


class Subscription:
    """One reader. ``snapshot`` is the state at the moment of subscribing; iterate for what comes after.

    Changes that arrive between two notifications are handed over as one state.
    """

    def __init__(self, store: MeshStore, clock: Clock, interval_s: float) -> None:
        self.snapshot = store.state
        self._store = store
        self._clock = clock
        self._interval_s = interval_s
        self._seen = store.state.revision
        self._changed = asyncio.Event()
        self._last_told: float | None = None

    def close(self) -> None:
        """No more notifications; a reader that waits is not woken."""
        self._store._forget(self)

    def _wake(self) -> None:
        self._changed.set()

    async def next(self) -> MeshState:
        """The newest state, as soon as it differs from what this reader has seen."""
        while self._store.state.revision == self._seen:
            self._changed.clear()
            await self._changed.wait()
        if self._last_told is not None:
            remaining = self._last_told + self._interval_s - self._clock.monotonic()
            if remaining > 0:
                await self._clock.sleep(remaining)
        self._last_told = self._clock.monotonic()
        state = self._store.state
        self._seen = state.revision
        return state

    async def __aiter__(self) -> AsyncIterator[MeshState]:
        while True:
            yield await self.next()


class MeshStore:
    """Holds the current ``MeshState``. Only the watcher calls ``update``; all on one event loop."""

    def __init__(self, project: str, clock: Clock, interval_s: float = NOTIFY_INTERVAL_S) -> None:
        self._state = MeshState(project=project)
        self._clock = clock
        self._interval_s = interval_s
        self._readers: list[Subscription] = []

    @property
    def state(self) -> MeshState:
        """The newest state; immutable."""
        return self._state

    def subscribe(self) -> Subscription:
        """Snapshot and subscription in one step: nothing is missed between the two."""
        reader = Subscription(self, self._clock, self._interval_s)
        self._readers.append(reader)
        return reader

    def update(self, **changes: Any) -> bool:
        """Replace fields of the state; return whether any differed. Equal values wake nobody."""
        fresh = {name: value for name, value in changes.items() if getattr(self._state, name) != value}
        if not fresh:
            return False
        self._state = replace(self._state, **fresh, revision=self._state.revision + 1)
        for reader in self._readers:
            reader._wake()
        return True

    def _forget(self, reader: Subscription) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
