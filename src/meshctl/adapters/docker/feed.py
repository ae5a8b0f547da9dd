"""A blocking stream as an async iterator.

Threads are daemons, so that neither Ctrl-C nor the end of the process waits for the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from threading import Condition, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from requests import Response

T = TypeVar("T")
_THREAD = "meshctl-docker"


class Cancelled(Exception):
    """The reader of a stream has gone while it was being opened."""


class StreamHandle:
    """Holds the response a thread is reading, so that another thread can end that read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._response: Response | None = None
        self._cut = False

    @property
    def is_cut(self) -> bool:
        return self._cut

    def hold(self, response: Response) -> None:
        """Called by the reading thread. Raises Cancelled when it was cut meanwhile."""
        with self._lock:
            self._response = response
            if not self._cut:
                return
        self.release()
        raise Cancelled

    def cut(self) -> None:
        """End the read; safe from any thread and more than once."""
        with self._lock:
            self._cut = True
            if self._response is not None:
                _shut(self._response)

    def release(self) -> None:
        """Called by the reading thread when it is done: closes the connection."""
        with self._lock:
            response, self._response = self._response, None
            if response is not None:
                _shut(response)
                response.close()


def connected_socket(response: Response) -> socket.socket | None:
    """The socket under a response that is still being read."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    return sock if hasattr(sock, "shutdown") else None


def _shut(response: Response) -> None:
    sock = connected_socket(response)
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _Mailbox(Generic[T]):
    """From one thread to one task: bounded, the thread waits when it is full (or drops the oldest)."""

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

    def put(self, item: T) -> bool:
        """False when nobody reads any more."""
        with self._state:
            while not self._latest and len(self._items) >= self._limit and not self._closed:
                self._state.wait()
            self._items.append(item)
            self._rouse()
            return not self._closed

    def end(self, failure: BaseException | None) -> None:
        with self._state:
            self._ended = True
            self._failure = failure
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

    def _rouse(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_wake, waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def feed(
    read: Callable[[StreamHandle], Iterator[T]],
    tethers: set[StreamHandle],
    *,
    limit: int = 1000,
    latest: bool = False,
) -> AsyncGenerator[T, None]:
    """Run ``read`` in a thread and yield what it yields; ends promptly when it is closed or cancelled.

    ``limit`` items wait at most: then the thread waits too, or with ``latest`` the oldest is dropped.
    """
    mailbox: _Mailbox[T] = _Mailbox(asyncio.get_running_loop(), limit, latest)
    tether = StreamHandle()
    tethers.add(tether)
    Thread(target=_pump, args=(read, tether, mailbox), name=_THREAD, daemon=True).start()
    try:
        while batch := await mailbox.take():
            for item in batch:
                yield item
    finally:
        mailbox.close()
        tether.cut()
        tethers.discard(tether)


def _pump(read: Callable[[StreamHandle], Iterator[T]], tether: StreamHandle, mailbox: _Mailbox[T]) -> None:
    failure: BaseException | None = None
    try:
        for item in read(tether):
            if not mailbox.put(item):
                break
    except Cancelled:
        pass
    except BaseException as error:
        failure = None if tether.is_cut else error
    finally:
        tether.release()
        mailbox.end(failure)
