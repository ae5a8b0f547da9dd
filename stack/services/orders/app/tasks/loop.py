"""A task that works until nothing is left, then waits to be woken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from meshkit import log

from .backoff import Backoff


class Loop:
    """Runs `work` again while it returns True, else after `wake()` or `idle_s`; a failure waits longer.

    An async context manager: the task lives inside it and is cancelled on leaving.
    """

    def __init__(self, name: str, work: Callable[[], Awaitable[bool]], *, idle_s: float = 1.0) -> None:
        self._name = name
        self._work = work
        self._idle_s = idle_s
        self._backoff = Backoff(first_s=0.25, longest_s=5.0)
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._woken.set()

    async def __aenter__(self) -> Loop:
        self._task = asyncio.create_task(self._run(), name=self._name)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait_s = await self._once()
            if wait_s:
                await self._rest(wait_s)

    async def _once(self) -> float:
        """Seconds to wait before the next turn."""
        try:
            more = await self._work()
        except Exception as error:  # whatever it was, the loop goes on
            if self._backoff.calm:
                log.warning(f"{self._name}.failed", error=repr(error))
            return self._backoff.next_s()
        if not self._backoff.calm:
            log.info(f"{self._name}.recovered")
        self._backoff.reset()
        return 0.0 if more else self._idle_s

    async def _rest(self, wait_s: float) -> None:
        if not self._backoff.calm:
            await asyncio.sleep(wait_s)
            return
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            return
