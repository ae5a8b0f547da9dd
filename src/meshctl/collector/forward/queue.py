"""Sends every request on, in the background, within a bound."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

#: Bytes that may wait to be sent on.
QUEUE_BYTES = 32 * 1024 * 1024

#: Seconds between two tries: the first, and the longest.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0


class Retry(Exception):
    """It was not accepted now; ``after_s`` seconds later it may be, 0 when the receiver did not say."""

    def __init__(self, message: str, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


class Rejected(Exception):
    """It will never be accepted."""


class Target(Protocol):
    """Another OTLP receiver."""

    async def send(self, body: bytes) -> None:
        """One ``ExportTraceServiceRequest``. Raises Retry, Rejected."""
        ...

    async def close(self) -> None: ...


class Forwarder:
    """A queue before one target. When it is full the oldest is dropped; taking a request in never waits."""

    def __init__(self, url: str, target: Target, queue_bytes: int = QUEUE_BYTES) -> None:
        self._url = url
        self._target = target
        self._limit = queue_bytes
        self._queue: deque[tuple[bytes, int]] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._forwarded, self._dropped, self._error = 0, 0, ""

    def offer(self, body: bytes, spans: int) -> None:
        """Queue one request with so many spans."""
        self._queue.append((body, spans))
        self._bytes += len(body)
        while self._bytes > self._limit:
            self._dropped += self._next()[1]
        if self._queue:
            self._more.set()
            self._idle.clear()

    def status(self) -> Mapping[str, Any]:
        """Counts of spans since it started, what waits, and why the last try failed ('' when it did not)."""
        return {
            "url": self._url,
            "forwarded": self._forwarded,
            "forward_dropped": self._dropped,
            "forward_error": self._error,
            "queued_bytes": self._bytes,
        }

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._more.wait()
            while self._queue:
                await self._deliver(*self._next())
            self._more.clear()
            self._idle.set()

    async def close(self, timeout_s: float) -> None:
        """Wait at most so long for the queue to empty, then let the target go. ``run`` must still be running."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        await self._target.close()

    def _next(self) -> tuple[bytes, int]:
        body, spans = self._queue.popleft()
        self._bytes -= len(body)
        return body, spans

    async def _deliver(self, body: bytes, spans: int) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._target.send(body)
            except Rejected as error:
                self._dropped += spans
                self._error = str(error)
                return
            except Retry as error:
                self._error = str(error)
                await asyncio.sleep(min(error.after_s or pause_s * random.uniform(0.5, 1.0), LONGEST_PAUSE_S))
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                self._forwarded += spans
                self._error = ""
                return
