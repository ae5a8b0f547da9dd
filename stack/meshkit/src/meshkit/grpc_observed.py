"""The interceptor of a gRPC server: span, series and log line of each call."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.trace import Span, StatusCode

from . import tracing
from .logs import log
from .metrics import GRPC_HANDLED, GRPC_SECONDS

_QUIET = ("/grpc.health.", "/grpc.reflection.")
_FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Errors of the server by OpenTelemetry's conventions for RPC; the others are the caller's."""
_ABORTED = (grpc.aio.AbortError, GeneratorExit)


class Observed(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Wraps all four kinds of methods; health and reflection are left alone."""

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        path: str = handler_call_details.method
        if handler is None or path.startswith(_QUIET):
            return handler
        metadata = {key: value for key, value in handler_call_details.invocation_metadata or () if _text(value)}
        call = _Call(path, metadata)
        kind = ("stream" if handler.request_streaming else "unary") + (
            "_stream" if handler.response_streaming else "_unary"
        )
        wrap = call.streaming if handler.response_streaming else call.unary
        return handler._replace(**{kind: wrap(getattr(handler, kind))})


class _Call:
    def __init__(self, path: str, metadata: dict[str, str]) -> None:
        self._path = path
        self._name = path.strip("/")
        self._service, _, self._method = self._name.rpartition("/")
        self._metadata = metadata

    def unary(self, inner: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle(request: Any, context: Any) -> Any:
            with self._observed(context):
                return await inner(request, context)

        return handle

    def streaming(self, inner: Callable[[Any, Any], AsyncIterator[Any]]) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def handle(request: Any, context: Any) -> AsyncIterator[Any]:
            with self._observed(context):
                async for reply in inner(request, context):
                    yield reply

        return handle

    @contextmanager
    def _observed(self, context: Any) -> Iterator[None]:
        about = {"rpc.system.name": "grpc", "rpc.method": self._name}
        kind = tracing.SpanKind.SERVER
        with tracing.span(self._name, kind, about, carrier=self._metadata, ignore=_ABORTED) as span:
            began, crashed = time.perf_counter(), False
            try:
                yield
            except _ABORTED:
                raise
            except Exception:
                crashed = True
                log.exception("grpc.crash", method=self._path)
                raise
            finally:
                code = "UNKNOWN" if crashed else _code(context)
                _tell(span, code, context)
                elapsed = time.perf_counter() - began
                GRPC_HANDLED.labels(self._service, self._method, code).inc()
                GRPC_SECONDS.labels(self._service, self._method).observe(elapsed)
                log.info("grpc.request", method=self._path, code=code, elapsed_ms=round(elapsed * 1000, 2))


def _tell(span: Span, code: str, context: Any) -> None:
    span.set_attribute("rpc.response.status_code", code)
    if code == "RESOURCE_EXHAUSTED":
        span.set_attribute("mesh.rate_limited", True)
    if code in _FAULTS:
        details = context.details()
        span.set_attribute("error.type", code)
        span.set_status(StatusCode.ERROR, details.decode() if isinstance(details, bytes) else details or code)


def _code(context: Any) -> str:
    """Name of the status so far: an int 0 or None means that nothing has gone wrong."""
    if context.cancelled():
        return "CANCELLED"
    code = context.code()
    if isinstance(code, grpc.StatusCode):
        return code.name
    return next((known.name for known in grpc.StatusCode if known.value[0] == (code or 0)), "UNKNOWN")


def _text(value: Any) -> bool:
    return isinstance(value, str)
