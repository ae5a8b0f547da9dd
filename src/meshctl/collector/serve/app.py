"""The query API: routes, whom it answers, and the answers when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from meshctl.adapters.collector.forms import data_of
from meshctl.collector.serve import params
from meshctl.collector.serve.changes import changes
from meshctl.collector.serve.context import QueryContext, error_response
from meshctl.collector.serve.jaeger import JaegerApi
from meshctl.collector.serve.jaeger_json import failure
from meshctl.collector.serve.params import BadParameter
from meshctl.collector.serve.traces import TracesApi
from meshctl.collector.traces.changes import TooManySubscribers

#: A window of edges, seconds: a year.
_LONGEST_WINDOW_S = 366 * 86400

#: Says nothing but that it runs; probes come by addresses that nobody has listed.
_HEALTH = "/health"
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")

ForwardStatus = Callable[[], Mapping[str, Any]]


def query_app(context: QueryContext, allow_hosts: Iterable[str] = (), forward: ForwardStatus | None = None) -> ASGIApp:
    """The ASGI application of the query port."""
    app = Starlette(
        routes=[
            *TracesApi(context).routes(),
            *JaegerApi(context).routes(),
            *_Overview(context, forward).routes(),
            Route("/v1/changes", partial(changes, context)),
        ],
        exception_handlers={
            BadParameter: _bad_parameter,
            TooManySubscribers: _too_many,
            HTTPException: _no_route,
            Exception: _internal_error,
        },
    )
    return HostGuard(app, allow_hosts)


class HostGuard:
    """Answers nobody who was led here by a name that is not ours (DNS rebinding), and no foreign page.

    ASGI middleware. The name in ``Host`` must be this machine's or an allowed one, whatever its port.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = {_without_port(host.lower()) for host in (*_OWN_NAMES, *allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        name = _without_port(host)
        answer = self._app
        if scope["path"] != _HEALTH:
            if name not in self._allowed:
                sentence = f"this collector does not answer to the name {name[:80]!r}; allow it with --allow-host"
                answer = JSONResponse({"error": sentence}, 421)
            elif origin and origin.partition("://")[2] != host:
                answer = JSONResponse({"error": "a page of another origin may not read traces"}, 403)
        await answer(scope, receive, send)


def _without_port(host: str) -> str:
    """A host without its port; of ``[::1]:16686`` it is ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


class _Overview:
    """What is known of all traces together."""

    def __init__(self, context: QueryContext, forward: ForwardStatus | None) -> None:
        self._context = context
        self._forward = forward

    def routes(self) -> list[Route]:
        return [
            Route("/v1/services", self.services),
            Route("/v1/edges", self.edges),
            Route("/v1/status", self.status),
            Route(_HEALTH, self.health),
        ]

    async def services(self, request: Request) -> Response:
        return await self._context.json_response(lambda: {"services": list(self._context.memory.services())})

    async def edges(self, request: Request) -> Response:
        window_s = params.number(request.query_params, "window_s", most=_LONGEST_WINDOW_S)
        memory = self._context.memory
        return await self._context.json_response(lambda: {"edges": [data_of(edge) for edge in memory.edges(window_s)]})

    async def status(self, request: Request) -> Response:
        forward = dict(self._forward()) if self._forward else None
        memory = self._context.memory
        return await self._context.json_response(lambda: {**data_of(memory.status()), "forward": forward})

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})


def _error(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(failure(status, sentence), status)
    return error_response(status, sentence)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    return _error(request, 400, str(error))


async def _too_many(request: Request, error: Exception) -> Response:
    return _error(request, 503, "too many wait for traces at once; try again in a moment")


async def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = {404: f"there is no {request.url.path[:80]} here", 405: f"{request.method} is not for this"}
    return _error(request, status, sentence.get(status, "this cannot be answered"))


async def _internal_error(request: Request, error: Exception) -> Response:
    """A fault of ours; the server writes its traceback to stderr."""
    return _error(request, 500, f"this could not be answered: {type(error).__name__}")
