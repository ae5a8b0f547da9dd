"""meshctl's own readiness checks: one short question to one instance, never an exception."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
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
from meshctl.errors import MeshError
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck, ServiceSpec
from meshctl.model.containers import Container, ExecResult
from meshctl.model.status import ProbeResult

#: ``exec(container_id, argv, timeout_s)``: runs a ``test`` inside the container.
Exec = Callable[[str, Sequence[str], float], Awaitable[ExecResult]]

#: A proxy in front of the port accepts at once and hangs up when nothing listens behind it.
SETTLE_S = 0.25
_DETAIL = 160
#: No more than this is read of a body.
MAX_BODY = 64 * 1024
#: Where services put the reason, first found first told.
_REASONS = ("reason", "detail", "error", "message", "status")
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

_PROTOCOL = {CheckKind.HTTP: AppProtocol.HTTP, CheckKind.GRPC: AppProtocol.GRPC}


class NetworkProber:
    """The ``Prober``: http, grpc and tcp through the published port, ``test`` inside the container."""

    def __init__(self, exec: Exec | None) -> None:
        self._exec = exec

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        """The answer within ``check.timeout_s``; NONE passes for a running container."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(check.timeout_s):
                detail = await self._ask(spec, check, container)
        except TimeoutError:
            detail = f"no answer within {check.timeout_s:g} s"
        except OSError as error:
            detail = _network_words(error)
        except MeshError as error:
            detail = str(error)
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
        return ProbeResult(not detail, _cut(detail), time.monotonic() - started)

    async def close(self) -> None:
        """Nothing is held between probes."""

    async def _ask(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> str:
        """'' when the check passes, else why not."""
        match check.kind:
            case CheckKind.NONE:
                return ""
            case CheckKind.TEST:
                return await self._test(check, container)
        address = _address(spec, check, container)
        if not address:
            return f"port '{check.port}' is not published" if check.port else "no port to probe is published"
        match check.kind:
            case CheckKind.HTTP:
                return await _http(address, check.path or "/")
            case CheckKind.GRPC:
                from meshctl.adapters.grpc.health import grpc_complaint

                return await grpc_complaint(address, check.grpc_service, check.timeout_s)
        return await _tcp(address)

    async def _test(self, check: HealthCheck, container: Container) -> str:
        if self._exec is None:
            return "this runtime runs no commands inside of instances"
        result = await self._exec(container.id, check.test, check.timeout_s)
        if result.exit_code == 0:
            return ""
        lines = result.output.strip().splitlines()
        return f"exit {result.exit_code}" + (f": {lines[-1]}" if lines else "")


async def _http(address: str, path: str) -> str:
    """'' when the answer is 2xx or 3xx, whose body is not waited for, else ``503: database unreachable``."""
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
        return "the answer is not HTTP"
    except ConnectionClosed:
        if not answer.status:
            raise
    except TooLarge:
        pass  # what was allowed is there
    finally:
        writer.close()
    return "" if 200 <= answer.status < 400 else _complaint(answer.status, bytes(answer.body))


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


async def _tcp(address: str) -> str:
    reader, writer = await asyncio.open_connection(*split_address(address))
    try:
        async with asyncio.timeout(SETTLE_S):
            greeting = await reader.read(1)
    except TimeoutError:
        return ""
    finally:
        writer.close()
    return "" if greeting else "connection closed at once: nothing listens inside the container"


def _address(spec: ServiceSpec, check: HealthCheck, container: Container) -> str:
    """The named port; without a name the first that speaks the check's protocol, for tcp the first of all."""
    if check.port:
        return container.ports.get(check.port, "")
    wanted = _PROTOCOL.get(check.kind)
    for port in spec.ports:
        if port.name in container.ports and wanted in (None, port.app_protocol):
            return container.ports[port.name]
    return ""


def _network_words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionError) and not isinstance(error, ConnectionClosed):
        return "connection closed without an answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _cut(detail: str) -> str:
    line = " ".join(detail.split())
    return line if len(line) <= _DETAIL else line[: _DETAIL - 1] + "…"
