"""One task per running instance, kept in step with what runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from typing import Generic, TypeVar

from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.tasks import cancel_all

Key = TypeVar("Key", bound=Hashable)


class TaskPerInstance(Generic[Key]):
    """Tasks by key; what a key holds decides when an instance's task starts anew."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    async def run(self, match: Callable[[], Awaitable[None]]) -> None:
        """Calls ``match`` whenever instances come or go. Never returns; cancelled, it ends all tasks."""
        changed = self._inventory.changed()
        try:
            while True:
                await changed.wait()
                changed.clear()
                await match()
        finally:
            self._inventory.release(changed)
            await cancel_all(list(self._tasks.values()))
            self._tasks.clear()

    async def keep(self, wanted: Mapping[Key, Callable[[], Coroutine[None, None, None]]]) -> list[Key]:
        """One task for every key, none for the others: their keys come back."""
        gone = [key for key in self._tasks if key not in wanted]
        await cancel_all([self._tasks.pop(key) for key in gone])
        for key, work in wanted.items():
            task = self._tasks.get(key)
            if task is None or task.done():
                self._tasks[key] = asyncio.create_task(work())
        return gone
