"""Compressed bodies, decompressed within a limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from meshctl.collector.rejected import INVALID_ARGUMENT, RequestRejected, too_large, unreadable

_GZIP, _ZLIB, _RAW = 31, 15, -15

#: Each further member of a gzip file costs a copy of what follows.
_MAX_MEMBERS = 16


def inflate(encoding: str, body: bytes, limit: int) -> bytes:
    """The body as it was before ``Content-Encoding``; never holds more than ``limit`` bytes of it.

    Raises RequestRejected: 413 beyond the limit, 400 for a damaged or cut body, 415 for an unknown encoding.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in _WINDOWS:
        raise RequestRejected(
            415, INVALID_ARGUMENT, f"content encoding {encoding!r} is not supported; gzip and deflate are"
        )
    try:
        return _members(body, _WINDOWS[encoding](body), limit)
    except zlib.error as error:
        raise unreadable(f"the {encoding} body is damaged: {error}") from error


def _members(body: bytes, window: int, limit: int) -> bytes:
    """Every member of a gzip file, or the one stream of ``deflate``."""
    parts: list[bytes] = []
    room = limit
    while body:
        stream = zlib.decompressobj(window)
        part = stream.decompress(body, room + 1)
        if len(part) > room:
            raise too_large(limit)
        if not stream.eof:
            raise unreadable("the compressed body is cut short")
        parts.append(part)
        room -= len(part)
        body = stream.unused_data if window == _GZIP else b""
        if len(parts) > _MAX_MEMBERS:
            raise unreadable("the compressed body has too many members")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _deflate_window(body: bytes) -> int:
    """RFC 9110 means zlib by ``deflate``; some senders send it raw."""
    wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _ZLIB if wrapped else _RAW


_WINDOWS: Mapping[str, Callable[[bytes], int]] = {
    "gzip": lambda body: _GZIP,
    "x-gzip": lambda body: _GZIP,
    "deflate": _deflate_window,
}
