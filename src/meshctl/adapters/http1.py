"""HTTP/1.1 (RFC 9112) on plain sockets: ``http.client`` costs 15 ms of a command's start and knows no deadline.

``AnswerParser`` takes the bytes from wherever they come, ``Connection`` asks over TCP or a unix socket.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import NamedTuple

Fields = Iterable[tuple[str, str]]

_MAX_HEAD = 64 * 1024
_MAX_FIELDS = 100
_PIECE = 256 * 1024

#: Printable ASCII.
_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))
_BLANK = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.(\d) ([1-9]\d\d)(?: [^\r\n]*)?\r?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"[!-~]+")


class NotHttp(Exception):
    """What came is no answer in HTTP/1.1."""


class TooLarge(Exception):
    """The body is longer than was allowed; the parser holds what was."""

    def __init__(self, limit: int) -> None:
        mib, bytes_left = divmod(limit, 1 << 20)
        super().__init__(f"more than {limit} bytes" if bytes_left else f"more than {mib} MiB")


class ConnectionClosed(ConnectionError):
    """The peer has closed before the end of its answer; ``begun``: after a part of it."""

    def __init__(self, begun: bool) -> None:
        where = "in the middle of its answer" if begun else "without an answer"
        super().__init__(f"connection closed {where}")
        self.begun = begun


class Answer(NamedTuple):
    """``headers`` have lower-case names; the values of a repeated one are joined with commas."""

    status: int
    headers: dict[str, str]
    body: bytes


class AnswerParser:
    """One answer, fed piece by piece. ``status`` is 0 until its head has come; interim answers are passed over."""

    def __init__(self, method: str = "GET", max_body: int = _MAX_HEAD) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.done = False
        #: Whether the connection can carry another exchange.
        self.keeps = False
        self._bodiless = method == "HEAD"
        self._max_body = max_body
        self._rest = bytearray()
        self.begun = False
        self._left = 0
        self._step: Callable[[], bool] = self._head

    def feed(self, data: bytes) -> bool:
        """True when the answer is whole. ``data`` is b'' at the end of the stream.

        Raises NotHttp, ConnectionClosed, TooLarge.
        """
        if not data:
            self.keeps = False
            if self._step != self._until_closed and not self.done:
                raise ConnectionClosed(self.begun)
            self.done = True
        self.begun = True
        self._rest += data
        while not self.done and self._step():
            pass
        if self.done and self._rest:
            self.keeps = False
        return self.done

    def _head(self) -> bool:
        end = _BLANK.search(self._rest)
        if not self._rest.startswith(b"HTTP/1."[: len(self._rest)]):
            raise NotHttp(f"it begins with {bytes(self._rest[:16])!r}")
        if end is None:
            if len(self._rest) > _MAX_HEAD:
                raise NotHttp(f"its head has more than {_MAX_HEAD} bytes")
            return False
        first, *lines = bytes(self._rest[: end.start()]).split(b"\n")
        del self._rest[: end.end()]
        found = _STATUS.fullmatch(first)
        if found is None:
            raise NotHttp(f"its first line is {first[:80]!r}")
        if found[2].startswith(b"1") and found[2] != b"101":
            return True
        self.headers = _headers(lines)
        self.status = int(found[2])
        self._frame(minor=int(found[1]))
        return True

    def _frame(self, minor: int) -> None:
        """Where the body ends, RFC 9112, 6.3."""
        options = {option.strip() for option in self.headers.get("connection", "").lower().split(",")}
        self.keeps = "close" not in options and (minor > 0 or "keep-alive" in options)
        codings = self.headers.get("transfer-encoding", "").lower().replace(" ", "")
        lengths = {length.strip() for length in self.headers.get("content-length", "").split(",")} - {""}
        if self._bodiless or self.status in (101, 204, 304):
            self.done = True
        elif codings:
            self._step = self._chunk_size if codings.endswith("chunked") else self._until_closed
        elif lengths:
            length = lengths.pop()
            if lengths or not (length.isascii() and length.isdigit()):
                raise NotHttp("its Content-Length is no number")
            self._left = int(length)
            self._step = self._counted
            self.done = self._left == 0
        else:
            self._step = self._until_closed

    def _counted(self) -> bool:
        self._take()
        self.done = self._left == 0
        return False

    def _until_closed(self) -> bool:
        self._left = len(self._rest)
        self._take()
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = line.partition(b";")[0].strip()
        if re.fullmatch(rb"[0-9a-fA-F]{1,15}", size) is None:
            raise NotHttp(f"a chunk begins with {line[:20]!r}")
        self._left = int(size, 16)
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        self._take()
        line = None if self._left else self._line()
        if line is None:
            return False
        if line:
            raise NotHttp("a chunk is longer than it says")
        self._step = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line()
        self.done = line == b""
        return line is not None

    def _line(self) -> bytes | None:
        end = self._rest.find(b"\n")
        if end < 0:
            if len(self._rest) > _MAX_HEAD:
                raise NotHttp("a line without an end")
            return None
        line = bytes(self._rest[:end]).removesuffix(b"\r")
        del self._rest[: end + 1]
        return line

    def _take(self) -> None:
        """As much of the ``_left`` bytes of the body as has come."""
        room = self._max_body - len(self.body)
        size = min(self._left, len(self._rest))
        self.body += memoryview(self._rest)[: min(size, room)]
        if size > room:
            raise TooLarge(self._max_body)
        del self._rest[:size]
        self._left -= size


def _headers(lines: Iterable[bytes]) -> dict[str, str]:
    """A line that is no field is passed over; one that begins with a blank continues the field before it."""
    headers: dict[str, str] = {}
    name = ""
    for count, line in enumerate(lines):
        if count >= _MAX_FIELDS:
            raise NotHttp(f"it has more than {_MAX_FIELDS} headers")
        text = line.decode("latin-1")
        if text[:1] in (" ", "\t") and name:
            headers[name] = f"{headers[name]} {text.strip()}"
            continue
        field, colon, value = text.partition(":")
        if not colon or not field:
            continue
        name = field.strip().lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return headers


def request_head(method: str, target: str, fields: Fields) -> bytes:
    """The request up to its body. Raises ValueError for what HTTP cannot carry."""
    if _TOKEN.fullmatch(method) is None:
        raise ValueError(f"the method {method!r}")
    if _TARGET.fullmatch(target) is None:
        raise ValueError(f"the path {target!r}")
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in fields:
        if _TOKEN.fullmatch(name) is None:
            raise ValueError(f"the header name {name!r}")
        if any(mark in value for mark in "\r\n\0"):
            raise ValueError(f"the value of the header {name!r}")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def quoted(target: str) -> str:
    """A path as somebody typed it: blanks and letters beyond ASCII are percent-encoded."""
    return urllib.parse.quote(target, safe=_VISIBLE)


def split_address(address: str) -> tuple[str, int]:
    """``127.0.0.1:80`` and ``[::1]:80`` to host and port. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f"{address!r} names no port")
    return host.strip("[]"), int(port)


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
        head = request_head(method, target, self._complete(fields, body))
        parser = AnswerParser(method, max_body)
        try:
            if self._socket is None:
                self.connect()
            taken = self._send(head + body if body else head)
            while not parser.feed(self._ready().recv(_PIECE)):
                pass
        except ConnectionResetError as error:
            self.close()
            raise ConnectionClosed(parser.begun) from error
        except BaseException:
            self.close()
            raise
        if not (taken and parser.keeps):
            self.close()
        return Answer(parser.status, parser.headers, bytes(parser.body))

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

    def _complete(self, fields: Fields, body: bytes | None) -> list[tuple[str, str]]:
        given = list(fields)
        names = {name.lower() for name, _ in given}
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            given.append(("Content-Length", str(len(body))))
        host = "localhost" if self.address.startswith("unix:") else self.address
        return given if "host" in names else [("Host", host), *given]

    def _send(self, data: bytes) -> bool:
        """False when the peer has closed: it may have said before why, and is listened to."""
        try:
            self._ready().sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _ready(self) -> socket.socket:
        assert self._socket is not None
        self._socket.settimeout(self._left())
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
