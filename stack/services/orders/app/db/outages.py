"""A database that does not answer, as `Unavailable`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from meshkit.db import OUTAGES

from ..core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

ANSWERS_S = 2.0
_given_up: set[asyncio.Task[Any]] = set()


def answered(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Awaitable[T]]:
    """Let a coroutine function raise Unavailable when the database is away, or silent for ANSWERS_S."""

    @functools.wraps(method)
    async def bounded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await within(ANSWERS_S, method(*args, **kwargs))
        except (*OUTAGES, OSError, TimeoutError) as error:
            raise Unavailable("database") from error

    return bounded


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, or TimeoutError: it is cancelled then, and not waited for.

    A driver that is cancelled says goodbye to its server first, which a silent server makes long.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        _give_up(task)
        raise
    if not done:
        _give_up(task)
        raise TimeoutError
    return task.result()


def _give_up(task: asyncio.Task[Any]) -> None:
    _given_up.add(task)
    task.add_done_callback(_forget)
    task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _given_up.discard(task)
    if not task.cancelled():
        task.exception()
