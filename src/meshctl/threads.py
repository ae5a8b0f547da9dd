"""The one bridge from blocking threads to the event loop: one result, or a stream.

The threads are daemons, so that neither Ctrl-C nor the end of the process waits for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_NAME = "meshctl-worker"


def tell_loop(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *values: object) -> None:
    """Call back on the loop, from any thread; a loop that is closed is told nothing."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(callback, *values)


async def run_in_thread(work: Callable[[], T], abort: Callable[[], None] | None = None) -> T:
    """The result of ``work`` in a thread of its own.

    Cancelled: the thread ends unobserved, or with ``abort``, which makes ``work`` fail, its end is awaited.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: BaseException | None) -> None:
        if done.done():
            return
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        try:
            result = work()
        except BaseException as error:
            tell_loop(loop, settle, None, error)
        else:
            tell_loop(loop, settle, result, None)

    Thread(target=body, name=_NAME, daemon=True).start()
    if abort is None:
        return await done
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        abort()
        await asyncio.gather(done, return_exceptions=True)
        raise


async def stream_from_thread(
    read: Callable[[], Iterator[T]],
    cut: Callable[[], None],
    *,
    limit: int = 1000,
    latest: bool = False,
) -> AsyncGenerator[T, None]:
    """What ``read`` yields in a thread of its own; it raises what ``read`` raises.

    ``limit`` items wait at most: then the thread waits too, or with ``latest`` the oldest is dropped. Closed or
    cancelled it ends at once; ``cut`` is called then and ends the read that may be under way.
    """
    mailbox: _Mailbox[T] = _Mailbox(asyncio.get_running_loop(), limit, latest)
    Thread(target=mailbox.fill, args=(read,), name=_NAME, daemon=True).start()
    try:
        while batch := await mailbox.take():
            for item in batch:
                yield item
    finally:
        mailbox.close()
        cut()


class _Mailbox(Generic[T]):
    """From one thread to one task."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int, latest: bool) -> None:
        self._loop = loop
        self._limit = limit
        self._latest = latest
        self._items: deque[T] = deque(maxlen=limit if latest else None)
        self._state = Condition()
        self._closed = False
        self._ended = False
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def fill(self, read: Callable[[], Iterator[T]]) -> None:
        """The thread's work: until ``read`` ends or nobody reads any more."""
        failure: BaseException | None = None
        try:
            for item in read():
                if not self._put(item):
                    break
        except BaseException as error:
            failure = error
        with self._state:
            self._ended, self._failure = True, failure
            self._rouse()

    def close(self) -> None:
        with self._state:
            self._closed = True
            self._state.notify_all()

    async def take(self) -> list[T]:
        """Everything that has come, at least one item; empty at the end. Raises the thread's failure."""
        while True:
            with self._state:
                if self._items:
                    batch = list(self._items)
                    self._items.clear()
                    self._state.notify_all()
                    return batch
                if self._failure is not None:
                    raise self._failure
                if self._ended:
                    return []
                waiter = self._waiter = self._loop.create_future()
            await waiter

    def _put(self, item: T) -> bool:
        with self._state:
            while not self._latest and len(self._items) >= self._limit and not self._closed:
                self._state.wait()
            self._items.append(item)
            self._rouse()
            return not self._closed

    def _rouse(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not self._closed:
            tell_loop(self._loop, _wake, waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
