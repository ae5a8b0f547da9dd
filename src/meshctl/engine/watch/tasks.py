"""Long-lived tasks: several that end together, and one that never dies silently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from meshctl.ports.world import Clock

_Item = TypeVar("_Item")

RETRY_FIRST_S = 0.2
RETRY_MOST_S = 1.0


class Backoff:
    """Waits 0.2 s, 0.4 s … at most 1 s between tries; ``reset`` after a success."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._delay = RETRY_FIRST_S

    def reset(self) -> None:
        self._delay = RETRY_FIRST_S

    async def wait(self) -> None:
        delay, self._delay = self._delay, min(self._delay * 2, RETRY_MOST_S)
        await self._clock.sleep(delay)


async def first_to_end(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, cancel the others, and raise what that one raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await cancel_all(tasks)


async def cancel_all(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel and wait; whatever they raise on the way out is dropped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def forever(run: Callable[[], Awaitable[None]], failed: Callable[[Exception], None], clock: Clock) -> None:
    """Run again and again; an error is told to ``failed`` and never ends the loop."""
    backoff = Backoff(clock)
    while True:
        try:
            await run()
            backoff.reset()
        except Exception as error:
            failed(error)
        await backoff.wait()


@asynccontextmanager
async def closing(stream: AsyncIterator[_Item]) -> AsyncIterator[AsyncIterator[_Item]]:
    """Close a stream of the outside world as soon as nobody reads it any more."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
