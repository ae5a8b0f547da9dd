"""OTLP/HTTP: ``POST /v1/traces`` as a bare ASGI application (OTLP 1.x, "OTLP/HTTP")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from meshctl.adapters.otlp.json_form import BadJson, request_of_json
from meshctl.collector import payload
from meshctl.collector.budget import Claim
from meshctl.collector.inflate import inflate
from meshctl.collector.payload import JSON, PROTOBUF
from meshctl.collector.pipeline import IngestPipeline
from meshctl.collector.rejected import (
    DEADLINE_EXCEEDED,
    INVALID_ARGUMENT,
    UNAVAILABLE,
    UNIMPLEMENTED,
    RequestRejected,
    too_large,
    unreadable,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Seconds a whole request may take to arrive.
DEADLINE_S = 10.0

#: Seconds, and bytes, that are still read after a refusal, so that the sender sees it and not a reset.
DRAIN_S = 1.0
DRAIN_BYTES = 64 * 1024 * 1024

_MORE_HEADERS = {405: ((b"allow", b"POST"),), 503: ((b"retry-after", b"1"),)}


class _Words(NamedTuple):
    """What the headers say. ``length`` is -1 when none is declared."""

    content_type: bytes
    encoding: str
    length: int
    foreign: bool


class _Gone(Exception):
    """The sender has closed the connection."""


class HttpReceiver:
    """The ASGI application."""

    def __init__(self, intake: IngestPipeline, deadline_s: float = 0.0) -> None:
        self._intake = intake
        self._deadline_s = deadline_s or DEADLINE_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        words = _words(scope["headers"])
        claim = self._intake.budget.claim()
        arrived = False
        try:
            _check(scope, words)
            body = await self._in_time(words, receive, claim)
            arrived = True
            taken = self._intake.take(self._plain(words, body))
        except RequestRejected as refusal:
            await _refuse(refusal, words, send, None if arrived else receive)
        except _Gone:
            return
        else:
            answer = payload.response(taken, words.content_type)
            await send({"type": "http.response.start", "status": 200, "headers": _headers(words.content_type, answer)})
            await send({"type": "http.response.body", "body": answer})
        finally:
            claim.close()

    async def _in_time(self, words: _Words, receive: Receive, claim: Claim) -> bytes:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._body(words, receive, claim)
        except TimeoutError:
            if claim.waits:
                raise RequestRejected(503, UNAVAILABLE, "too much is arriving at once; send it again") from None
            why = f"the request did not arrive within {self._deadline_s:g} s"
            raise RequestRejected(408, DEADLINE_EXCEEDED, why) from None

    async def _body(self, words: _Words, receive: Receive, claim: Claim) -> bytes:
        limit = self._intake.max_message
        if words.length > limit:
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

    def _plain(self, words: _Words, body: bytes) -> bytes:
        if words.encoding:
            body = inflate(words.encoding, body, self._intake.max_message)
        if words.content_type == PROTOBUF:
            return body
        try:
            return request_of_json(body)
        except BadJson as error:
            raise unreadable(str(error)) from error


def _words(headers: list[tuple[bytes, bytes]]) -> _Words:
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
    return _Words(content_type, encoding, length, foreign)


def _check(scope: Scope, words: _Words) -> None:
    if scope["path"] != "/v1/traces":
        raise RequestRejected(404, UNIMPLEMENTED, f"there is no {scope['path'][:80]} here; traces go to /v1/traces")
    if scope["method"] != "POST":
        raise RequestRejected(405, UNIMPLEMENTED, "traces are sent with POST")
    if words.foreign:
        raise RequestRejected(403, INVALID_ARGUMENT, "a page in a browser may not send spans")
    if words.content_type not in (PROTOBUF, JSON):
        raise RequestRejected(
            415, INVALID_ARGUMENT, "the content type must be application/x-protobuf or application/json"
        )


def _headers(content_type: bytes, body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]


async def _refuse(refusal: RequestRejected, words: _Words, send: Send, unread: Receive | None) -> None:
    """Answer; if something is ``unread``, read it away for a moment and close the connection."""
    content_type = PROTOBUF if words.content_type == PROTOBUF else JSON
    body = payload.status(refusal, content_type)
    headers = _headers(content_type, body)
    if unread is not None:
        headers.append((b"connection", b"close"))
    headers += _MORE_HEADERS.get(refusal.status, ())
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": unread is not None})
    if unread is not None:
        if refusal.status != 408:
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
