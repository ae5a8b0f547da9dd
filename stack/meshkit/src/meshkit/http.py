"""What every HTTP service of the mesh does besides its own routes: span, access log, errors, /health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.trace import Span, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import tracing
from .errors import UpstreamError, UpstreamUnavailable
from .logs import log
from .metrics import exposition
from .settings import settings
from .tracing.context import FIELDS

Ready = Callable[[], Awaitable[None]]

QUIET = frozenset({"/health", "/metrics"})
_READY_S = 1.5  # Consul's check gives up after 2 s
_FIELDS = {name.encode(): name for name in FIELDS}


class Observed:
    """ASGI middleware: a server span in the caller's trace, a log line, and a JSON 500 in place of a crash.

    Ready-made instrumentations of FastAPI cost more and also see probes, or give each message a span of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        asked = {"http.request.method": scope["method"], "url.path": scope["path"], "url.scheme": scope["scheme"]}
        if scope["query_string"]:
            asked["url.query"] = scope["query_string"].decode("latin-1")
        if scope.get("client"):
            asked["client.address"] = scope["client"][0]
        with tracing.span(scope["method"], tracing.SpanKind.SERVER, asked, carrier=_carrier(scope)) as span:
            await self._observe(span, scope, receive, send)

    async def _observe(self, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            log.exception("http.crash", method=scope["method"], path=scope["path"])
            if status:
                raise
            tracing.failed(error, span)
            await JSONResponse({"detail": "internal error; the log has more", **_trace_id()}, 500)(
                scope, receive, noting
            )
        finally:
            _tell(span, scope, status)
        report = log.warning if status >= 500 else log.info
        elapsed = round((time.perf_counter() - began) * 1000, 2)
        report("http.request", method=scope["method"], path=scope["path"], status=status, elapsed_ms=elapsed)


def _tell(span: Span, scope: Scope, status: int) -> None:
    """Name the span by its route, and what came of it; a client's mistake (4xx) is no error of the server."""
    if not span.is_recording():
        return
    route = getattr(scope.get("route"), "path", "")
    if route:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if status:
        span.set_attribute("http.response.status_code", status)
    if status == 429:
        span.set_attribute("mesh.rate_limited", True)
    if status >= 500:
        span.set_status(StatusCode.ERROR, f"HTTP {status}")


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
    tracing.failed(error)
    log.warning("upstream.failed", target=error.target, error=error.detail)
    body = {"detail": str(error), "target": error.target, **_trace_id()}
    if isinstance(error, UpstreamUnavailable):
        return JSONResponse(body, 503, headers={"retry-after": "1"})
    return JSONResponse(body, 502)


def _carrier(scope: Scope) -> dict[str, str]:
    return {_FIELDS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _FIELDS}


def _trace_id() -> dict[str, str]:
    context = tracing.current()
    return {"trace_id": context.trace_id} if context else {}


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return str(error) or f"no answer within {_READY_S:g} s"
    return (str(error) or type(error).__name__).splitlines()[0]
