"""The query API: routes, and what is said when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from meshctl.adapters.collector.forms import data_of
from meshctl.collector import query_params
from meshctl.collector.broadcaster import ChangeBroadcaster, TooManySubscribers
from meshctl.collector.changes import changes
from meshctl.collector.guard import Guard
from meshctl.collector.jaeger import JaegerApi
from meshctl.collector.jaeger_form import failure
from meshctl.collector.memory import TraceMemory
from meshctl.collector.query_context import QueryContext, refused
from meshctl.collector.query_params import BadParameter
from meshctl.collector.traces_api import TracesApi

#: A window of edges, seconds: a year.
_LONGEST_WINDOW_S = 366 * 86400

ForwardStatus = Callable[[], Mapping[str, Any]]


def query_app(
    memory: TraceMemory, hub: ChangeBroadcaster, allow_hosts: Iterable[str] = (), forward: ForwardStatus | None = None
) -> ASGIApp:
    """The ASGI application of the query port."""
    desk = QueryContext(memory, hub)
    overview = _Overview(desk, forward)
    app = Starlette(
        routes=[
            *TracesApi(desk).routes(),
            *JaegerApi(desk).routes(),
            *overview.routes(),
            Route("/v1/changes", partial(changes, desk)),
        ],
        exception_handlers={
            BadParameter: _bad_parameter,
            TooManySubscribers: _too_many,
            HTTPException: _no_route,
            Exception: _broken,
        },
    )
    return Guard(app, allow_hosts)


class _Overview:
    """What is known of all traces together."""

    def __init__(self, desk: QueryContext, forward: ForwardStatus | None) -> None:
        self._desk = desk
        self._forward = forward

    def routes(self) -> list[Route]:
        return [
            Route("/v1/services", self.services),
            Route("/v1/edges", self.edges),
            Route("/v1/status", self.status),
            Route("/health", self.health),
        ]

    async def services(self, request: Request) -> Response:
        return await self._desk.answer(lambda: {"services": list(self._desk.memory.services())})

    async def edges(self, request: Request) -> Response:
        window_s = query_params.number(request.query_params, "window_s")
        if window_s > _LONGEST_WINDOW_S:
            raise BadParameter("window_s is longer than a year")
        memory = self._desk.memory
        return await self._desk.answer(lambda: {"edges": [data_of(edge) for edge in memory.edges(window_s)]})

    async def status(self, request: Request) -> Response:
        forward = dict(self._forward()) if self._forward else None
        return await self._desk.answer(lambda: {**data_of(self._desk.memory.status()), "forward": forward})

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})


def _said(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(failure(status, sentence), status)
    return refused(status, sentence)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    return _said(request, 400, str(error))


async def _too_many(request: Request, error: Exception) -> Response:
    return _said(request, 503, "too many wait for traces at once")


async def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentence = {404: f"there is no {request.url.path[:80]} here", 405: f"{request.method} is not for this"}
    return _said(request, status, sentence.get(status, "this cannot be answered"))


async def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours; the server writes its traceback to stderr."""
    return _said(request, 500, f"this could not be answered: {type(error).__name__}")
