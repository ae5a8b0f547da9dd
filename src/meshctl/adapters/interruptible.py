"""Runs blocking work off the event loop so that cancelling it leaves no thread behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_interruptible(work: Callable[[], T], abort: Callable[[], None]) -> T:
    """The result of ``work`` run in a thread. Cancelled: ``abort`` makes it fail, and its end is awaited."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        abort()
        await asyncio.gather(task, return_exceptions=True)
        raise
