"""What every HTTP service of the mesh does besides its own routes: trace, access log, errors, /health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import tracing
from .errors import UpstreamError, UpstreamUnavailable
from .logs import log
from .metrics import exposition
from .settings import settings

Ready = Callable[[], Awaitable[None]]

QUIET = frozenset({"/health", "/metrics"})
_READY_S = 1.5  # Consul's check gives up after 2 s


class Observed:
    """ASGI middleware: continues the caller's trace, logs the request, turns a crash into a JSON 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        with tracing.continued(_headers(scope)) as context:
            await self._observe(context, scope, receive, send)

    async def _observe(self, context: tracing.TraceContext, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            log.exception("http.crash", method=scope["method"], path=scope["path"])
            if status:
                raise
            body = {"detail": "internal error; the log has more", "trace_id": context.trace_id}
            await JSONResponse(body, 500)(scope, receive, noting)
        report = log.warning if status >= 500 else log.info
        elapsed = round((time.perf_counter() - began) * 1000, 2)
        report("http.request", method=scope["method"], path=scope["path"], status=status, elapsed_ms=elapsed)


def add_routes(app: FastAPI, ready: Ready | None) -> None:
    """GET /health (200, or 503 with the reason that `ready` raised) and GET /metrics."""

    async def health() -> JSONResponse:
        own = {"service": settings().service, "instance": settings().instance}
        try:
            if ready is not None:
                async with asyncio.timeout(_READY_S):
                    await ready()
        except Exception as error:
            return JSONResponse({"status": "unavailable", "reason": _reason(error), **own}, 503)
        return JSONResponse({"status": "ok", **own})

    def metrics() -> Response:
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    app.add_api_route("/health", health, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)


async def upstream_failed(_: Request, error: Exception) -> JSONResponse:
    """503 for an UpstreamUnavailable, 502 for another UpstreamError, as JSON."""
    if not isinstance(error, UpstreamError):
        raise error
    context = tracing.current()
    log.warning("upstream.failed", target=error.target, error=error.detail)
    body = {"detail": str(error), "target": error.target, "trace_id": context.trace_id if context else None}
    if isinstance(error, UpstreamUnavailable):
        return JSONResponse(body, 503, headers={"retry-after": "1"})
    return JSONResponse(body, 502)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return str(error) or f"no answer within {_READY_S:g} s"
    return (str(error) or type(error).__name__).splitlines()[0]
