"""Questions through a published port. None when the answer is good, else the problem and words for it."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from meshctl import __version__
from meshctl.adapters.http1 import (
    AnswerParser,
    ConnectionClosed,
    NotHttp,
    TooLarge,
    quoted,
    request_head,
    split_address,
)
from meshctl.model.status import ProbeProblem

Complaint = tuple[ProbeProblem, str]

REFUSED: Complaint = (ProbeProblem.REFUSED, "connection refused")
CLOSED: Complaint = (ProbeProblem.CLOSED, "connection closed without an answer")

#: A proxy in front of the port accepts at once and hangs up when nothing listens behind it.
SETTLE_S = 0.25
#: No more than this is read of a body.
MAX_BODY = 64 * 1024
#: Where services put the reason, first found first told.
_REASONS = ("reason", "detail", "error", "message", "status")
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


async def ask_http(address: str, path: str) -> Complaint | None:
    """2xx and 3xx are good, and their body is not waited for; else ``503: database unreachable``."""
    fields = [
        ("Host", address),
        ("User-Agent", f"meshctl/{__version__}"),
        ("Accept", "application/json, */*"),
        ("Connection", "close"),
    ]
    answer = AnswerParser(max_body=MAX_BODY)
    reader, writer = await asyncio.open_connection(*split_address(address))
    try:
        writer.write(request_head("GET", quoted(path), fields))
        while not answer.feed(await reader.read(MAX_BODY)) and not 200 <= answer.status < 400:
            pass
    except NotHttp:
        return ProbeProblem.PROTOCOL, "the answer is not HTTP"
    except ConnectionError:
        if not answer.begun:
            return CLOSED
        if not answer.status:
            return ProbeProblem.PROTOCOL, "connection closed in the middle of its answer"
    except TooLarge:
        pass  # what was allowed is there
    finally:
        writer.close()
    return None if 200 <= answer.status < 400 else (ProbeProblem.STATUS, _complaint(answer.status, bytes(answer.body)))


async def ask_tcp(address: str) -> Complaint | None:
    """Good is what stays open, or speaks first."""
    reader, writer = await asyncio.open_connection(*split_address(address))
    try:
        async with asyncio.timeout(SETTLE_S):
            greeting = await reader.read(1)
    except TimeoutError:
        return None
    finally:
        writer.close()
    return None if greeting else (ProbeProblem.CLOSED, "connection closed at once")


def complaint_of(error: OSError) -> Complaint:
    """What a connection that was not made, or broke, stands for."""
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    if isinstance(error, ConnectionError) and not isinstance(error, ConnectionClosed):
        return CLOSED
    return ProbeProblem.UNREACHABLE, error.strerror or str(error) or type(error).__name__


def _complaint(status: int, body: bytes) -> str:
    text = body.decode("utf-8", errors="replace").strip()
    try:
        reason = _reason(json.loads(text))
    except (ValueError, RecursionError):
        reason = "" if text.startswith("<") else text
    reason = reason or _PHRASES.get(status, "")
    return f"{status}: {reason}" if reason else str(status)


def _reason(value: Any) -> str:
    if isinstance(value, dict):
        for name in _REASONS:
            if value.get(name):
                return _reason(value[name])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
