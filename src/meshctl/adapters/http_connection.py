"""HTTP/1.1 on a socket, for what runs once: ``http.client`` costs 15 ms of a command's start and knows no deadline."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from meshctl.adapters.http1 import (
    Answer,
    AnswerParser,
    ConnectionClosed,
    Fields,
    NotHttp,
    TooLarge,
    request_head,
    split_address,
)

_PIECE = 256 * 1024


class Connection:
    """Exchanges in sequence with ``host:port`` or ``unix:/path``, all of them by ``allow``'s deadline.

    However slowly the peer drips. The connection is kept while both sides want it.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        self.address = address
        self.aborted = False
        self._deadline = time.monotonic() + timeout_s
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def allow(self, timeout_s: float) -> None:
        """Give what follows ``timeout_s`` seconds from now."""
        self._deadline = time.monotonic() + timeout_s

    def exchange(
        self, method: str, target: str, fields: Fields = (), body: bytes | None = None, *, max_body: int
    ) -> Answer:
        """Ask and read the whole answer. A host and the body's length are said unless ``fields`` do.

        Raises OSError (TimeoutError, ConnectionClosed …), NotHttp, TooLarge; ValueError before anything is sent.
        """
        parser = AnswerParser(method, max_body)
        for _ in self._fed(parser, request_head(method, target, self._complete(fields, body)), body):
            pass
        return Answer(parser.status, parser.headers, bytes(parser.body))

    def stream(
        self, method: str, target: str, fields: Fields = (), body: bytes | None = None, *, max_body: int
    ) -> Iterator[Answer]:
        """The same piece by piece, as they come: the first may have no body yet. ``max_body`` bounds each.

        Who stops before the end closes the iterator, and the connection is closed.
        """
        parser = AnswerParser(method, max_body)
        for _ in self._fed(parser, request_head(method, target, self._complete(fields, body)), body):
            if parser.status:
                yield Answer(parser.status, parser.headers, bytes(parser.body))
                parser.body.clear()

    def connect(self) -> None:
        """Raises OSError."""
        if self.address.startswith("unix:"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._ready().connect(self.address.removeprefix("unix:"))
        else:
            try:
                self._socket = socket.create_connection(split_address(self.address), self._left())
            except UnicodeError as error:
                raise OSError(f"{self.address} is no host's name") from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.aborted:
            self.abort()

    def abort(self) -> None:
        """Callable from any thread: what is under way fails at once, and what comes later too."""
        self.aborted = True
        held = self._socket
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The next exchange connects anew."""
        held, self._socket = self._socket, None
        if held is not None:
            held.close()

    def _fed(self, parser: AnswerParser, head: bytes, body: bytes | None) -> Iterator[None]:
        """Ask, and read until the answer is whole; a step for each piece that came."""
        try:
            if self._socket is None:
                self.connect()
            taken = self._send(head + body if body else head)
            while not parser.done:
                parser.feed(self._ready().recv(_PIECE))
                yield
        except ConnectionResetError as error:
            self.close()
            raise ConnectionClosed(parser.begun) from error
        except BaseException:
            self.close()
            raise
        if not (taken and parser.keeps):
            self.close()

    def _complete(self, fields: Fields, body: bytes | None) -> list[tuple[str, str]]:
        given = list(fields)
        names = {name.lower() for name, _ in given}
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            given.append(("Content-Length", str(len(body))))
        host = "localhost" if self.address.startswith("unix:") else self.address
        return given if "host" in names else [("Host", host), *given]

    def _send(self, data: bytes) -> bool:
        """False when the peer has closed: it may have said before why, and is listened to.

        What leaves at once is sent whatever the deadline: a peer that was reached in the last moment is told.
        """
        held = self._ready(max(self._deadline - time.monotonic(), 0.0))
        try:
            held.sendall(data)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _ready(self, timeout_s: float | None = None) -> socket.socket:
        assert self._socket is not None
        self._socket.settimeout(self._left() if timeout_s is None else timeout_s)
        return self._socket

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


#: What an exchange that failed raises.
FAILURES = (OSError, NotHttp, TooLarge)


def reason_of(error: Exception, peer: str) -> str:
    """Why an exchange with ``peer`` ("a collector") failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, TooLarge):
        return f"an answer of {error}"
    return f"not the answer of {peer} ({type(error).__name__})"
