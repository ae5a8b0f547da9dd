"""HTTP/1.1 (RFC 9112) without a socket: requests to bytes, and bytes, wherever they come from, to an answer."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable
from typing import NamedTuple

Fields = Iterable[tuple[str, str]]

_MAX_HEAD = 64 * 1024
_MAX_FIELDS = 100

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
