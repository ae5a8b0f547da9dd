"""A readiness check over HTTP on bare streams: 2xx and 3xx pass, anything else says why."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import re
from typing import Any

from meshctl import __version__

#: No more than this is read of an answer.
MAX_ANSWER = 64 * 1024

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?\n)")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: Where services put the reason, first found first told.
_REASONS = ("reason", "detail", "error", "message", "status")


async def http_complaint(address: str, path: str) -> str:
    """'' when the answer is 2xx or 3xx, else ``503: database unreachable``. Raises OSError.

    Bounded by whoever cancels it.
    """
    reader, writer = await asyncio.open_connection(*split_address(address), limit=MAX_ANSWER)
    try:
        writer.write(_request(address, path))
        answer = await _answer(reader)
    finally:
        writer.close()
    found = _STATUS.match(answer)
    if found is None:
        return "the answer is not HTTP" if answer else "connection closed without an answer"
    status = int(found.group(1))
    return "" if 200 <= status < 400 else _complaint(status, answer)


def split_address(address: str) -> tuple[str, int]:
    """``127.0.0.1:80`` and ``[::1]:80`` to host and port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _request(address: str, path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {address}",
        f"User-Agent: meshctl/{__version__}",
        "Accept: application/json, */*",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The head and as much of the body as was announced, or what came until the end."""
    answer = b""
    while len(answer) < MAX_ANSWER:
        head, gap, body = answer.partition(b"\r\n\r\n")
        if gap and (len(body) >= _announced(head) or _last_chunk(head, body)):
            return answer
        if len(answer) >= 12 and not answer.startswith(b"HTTP/1."):
            return answer
        piece = await reader.read(MAX_ANSWER - len(answer))
        if not piece:
            return answer
        answer += piece
    return answer


def _announced(head: bytes) -> int:
    found = _LENGTH.search(head)
    if found:
        return int(found.group(1))
    passed = _STATUS.match(head)
    # Of an answer that passes, the body does not matter; of one that does not, it is the reason.
    return 0 if passed and 200 <= int(passed.group(1)) < 400 else MAX_ANSWER


def _last_chunk(head: bytes, body: bytes) -> bool:
    return body.endswith(b"0\r\n\r\n") and _CHUNKED.search(head) is not None


def _complaint(status: int, answer: bytes) -> str:
    words = _words(_body(answer)) or http.client.responses.get(status, "")
    return f"{status}: {words}" if words else str(status)


def _body(answer: bytes) -> bytes:
    """The body freed of its transfer coding, as far as it came."""
    response = http.client.HTTPResponse(_Recorded(answer))  # type: ignore[arg-type]
    try:
        response.begin()
        return response.read(MAX_ANSWER)
    except http.client.IncompleteRead as error:
        return error.partial
    except (http.client.HTTPException, ValueError):
        return b""
    finally:
        response.close()


class _Recorded:
    """Lends recorded bytes to ``http.client``'s parser, which asks for a socket."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._answer)


def _words(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else text
    return _reason(value)


def _reason(value: Any) -> str:
    if isinstance(value, dict):
        for name in _REASONS:
            if value.get(name):
                return _reason(value[name])
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
