"""OTLP/HTTP: ``POST /v1/traces`` as a bare ASGI application (OTLP 1.x, "OTLP/HTTP")."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from meshctl.adapters.otlp.json_form import BadJson, request_of_json
from meshctl.collector.receive.pipeline import Claim, IngestPipeline
from meshctl.collector.receive.responses import (
    DEADLINE_EXCEEDED,
    INVALID_ARGUMENT,
    JSON,
    PROTOBUF,
    UNAVAILABLE,
    UNIMPLEMENTED,
    RequestRejected,
    export_response,
    rpc_status,
    too_large,
    unreadable,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Seconds a whole request may take to arrive.
DEADLINE_S = 10.0

#: Seconds, and bytes, that are still read after a rejection, so that the sender sees it and not a reset.
DRAIN_S = 1.0
DRAIN_BYTES = 64 * 1024 * 1024

#: ``wbits`` of zlib.
_GZIP, _ZLIB, _RAW = 31, 15, -15

#: Each further member of a gzip file costs a copy of what follows.
_MAX_MEMBERS = 16

_MORE_HEADERS = {405: ((b"allow", b"POST"),), 503: ((b"retry-after", b"1"),)}


class _Headers(NamedTuple):
    """Those that count. ``length`` is -1 when none is declared; ``foreign`` says that a page in a browser sends."""

    content_type: bytes
    encoding: str
    length: int
    foreign: bool


class _Gone(Exception):
    """The sender has closed the connection."""


class HttpReceiver:
    """The ASGI application."""

    def __init__(self, pipeline: IngestPipeline, deadline_s: float = 0.0) -> None:
        self._pipeline = pipeline
        self._deadline_s = deadline_s or DEADLINE_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _read_headers(scope["headers"])
        claim = self._pipeline.budget.claim()
        arrived = False
        try:
            _check(scope, headers)
            body = await self._in_time(headers, receive, claim)
            arrived = True
            ingested = self._pipeline.ingest(self._decoded(headers, body))
        except RequestRejected as rejected:
            await _reject(rejected, headers, send, None if arrived else receive)
        except _Gone:
            return
        else:
            answer = export_response(ingested, headers.content_type)
            more = _response_headers(headers.content_type, answer)
            await send({"type": "http.response.start", "status": 200, "headers": more})
            await send({"type": "http.response.body", "body": answer})
        finally:
            claim.close()

    async def _in_time(self, headers: _Headers, receive: Receive, claim: Claim) -> bytes:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._body(headers, receive, claim)
        except TimeoutError:
            if claim.waits:
                raise RequestRejected(503, UNAVAILABLE, "too much is arriving at once; send it again") from None
            why = f"the request did not arrive within {self._deadline_s:g} s"
            raise RequestRejected(408, DEADLINE_EXCEEDED, why) from None

    async def _body(self, headers: _Headers, receive: Receive, claim: Claim) -> bytes:
        limit = self._pipeline.max_message
        if headers.length > limit:
            raise too_large(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _Gone
            part = message["body"]
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            if not message.get("more_body"):
                return parts[0] if len(parts) == 1 else b"".join(parts)
            await claim.grow(len(part))

    def _decoded(self, headers: _Headers, body: bytes) -> bytes:
        if headers.encoding:
            body = inflate(headers.encoding, body, self._pipeline.max_message)
        if headers.content_type == PROTOBUF:
            return body
        try:
            return request_of_json(body)
        except BadJson as error:
            raise unreadable(str(error)) from error


def _read_headers(headers: list[tuple[bytes, bytes]]) -> _Headers:
    content_type, encoding, length, foreign = b"", "", -1, False
    for name, value in headers:
        if name == b"content-type":
            content_type = value.partition(b";")[0].strip().lower()
        elif name == b"content-length":
            length = int(value) if value.isdigit() else -1
        elif name == b"content-encoding":
            encoding = value.decode("latin-1").strip().lower()
        elif name == b"origin":
            foreign = True
    return _Headers(content_type, encoding, length, foreign)


def _check(scope: Scope, headers: _Headers) -> None:
    if scope["path"] != "/v1/traces":
        raise RequestRejected(404, UNIMPLEMENTED, f"there is no {scope['path'][:80]} here; traces go to /v1/traces")
    if scope["method"] != "POST":
        raise RequestRejected(405, UNIMPLEMENTED, "traces are sent with POST")
    if headers.foreign:
        raise RequestRejected(403, INVALID_ARGUMENT, "a page in a browser may not send spans")
    if headers.content_type not in (PROTOBUF, JSON):
        raise RequestRejected(
            415, INVALID_ARGUMENT, "the content type must be application/x-protobuf or application/json"
        )


def _response_headers(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]


async def _reject(rejected: RequestRejected, asked: _Headers, send: Send, unread: Receive | None) -> None:
    """Answer; if something is ``unread``, read it away for a moment and close the connection."""
    content_type = PROTOBUF if asked.content_type == PROTOBUF else JSON
    body = rpc_status(rejected, content_type)
    headers = _response_headers(content_type, body)
    if unread is not None:
        headers.append((b"connection", b"close"))
    headers += _MORE_HEADERS.get(rejected.status, ())
    await send({"type": "http.response.start", "status": rejected.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": unread is not None})
    if unread is not None:
        if rejected.status != 408:
            await _drain(unread)
        await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    room = DRAIN_BYTES
    try:
        async with asyncio.timeout(DRAIN_S):
            while room > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                room -= len(message["body"])
    except TimeoutError:
        return


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
