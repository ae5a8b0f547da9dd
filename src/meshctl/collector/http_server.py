"""uvicorn as a part of a process: no signals, no log of requests, and limits of its own on what is no body."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds the head of a request may take, and a connection may be open without one.
HEAD_S = 10.0
IDLE_S = 75

#: Bytes of a request that may come in a row without any of its body: request line, headers, trailers.
MAX_HEAD = 64 * 1024


#: Bytes of a body that may wait for the application before its connection is no longer read.
HIGH_WATER = 512 * 1024


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose request head is endless or never ends; httptools limits neither."""

    _timer: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._arm()

    def on_headers_complete(self) -> None:
        self._disarm()
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """uvicorn's, but for the mark: its 64 KB stop every batch of spans several times, and senders stall."""
        self._head = 0
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class HttpServer(uvicorn.Server):
    """Serves one application on a socket until ``end``."""

    def __init__(self, app: Any, listener: socket.socket, connections: int) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                app,
                http=GuardedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                limit_concurrency=connections,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=1,
            )
        )
        self._listener = listener
        self.up = asyncio.Event()

    async def run_until_ended(self) -> None:
        """Returns a moment after ``end``, when what was under way is answered or a second has passed."""
        await self._serve([self._listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's; ``up`` is set when it accepts connections."""
        await super().startup(sockets)
        self.up.set()

    def end(self) -> None:
        """Stop listening and finish."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the process."""
        yield
