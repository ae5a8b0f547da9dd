"""``/v1/traces`` and what belongs to single traces."""

from __future__ import annotations

import urllib.parse
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meshctl.adapters.collector.forms import data_of
from meshctl.adapters.otlp.json_form import json_of_data
from meshctl.collector.serve import params
from meshctl.collector.serve.context import QueryContext, error_response
from meshctl.collector.serve.params import BadParameter
from meshctl.collector.traces.settle import SettleOptions

_PROTOBUF, _JSON = "application/x-protobuf", "application/json"

#: Bytes of OTLP protobuf that one export may bring.
_MAX_EXPORT = 64 * 1024 * 1024

#: What stands around the resources of an OTLP JSON document.
_BEGIN, _END = b'{"resourceSpans":[', b"]}"


class _View(NamedTuple):
    body: bytes
    truncated: int
    pinned: bool


class TracesApi:
    """Lists, one trace, pins, export."""

    def __init__(self, context: QueryContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/v1/traces", self.search),
            Route("/v1/traces/{trace_id}", self.trace),
            Route("/v1/traces/{trace_id}/pin", self.pin, methods=["PUT", "DELETE"]),
            Route("/v1/export", self.export),
        ]

    async def search(self, request: Request) -> Response:
        """Summaries, newest first."""
        query = params.trace_query(request.query_params)
        memory = self._context.memory
        return await self._context.json_response(lambda: {"traces": [data_of(found) for found in memory.search(query)]})

    async def trace(self, request: Request) -> Response:
        """One trace as it was sent; ``settle_ms`` waits for it, ``root`` names the span of who asks."""
        asked = params.trace_id(request.path_params["trace_id"])
        options = _settle_options(request)
        found = await self._resolved(asked)
        if isinstance(found, Response):
            return found
        settled, waits_for = await self._context.settle.settled(found, options)
        as_json = _JSON in request.headers.get("accept", "")
        view = await self._context.run_in_thread(lambda: self._view(found, as_json))
        if view is None:
            return error_response(404, f"nothing is known of the trace {asked}")
        headers = {
            "x-trace-id": found,
            "x-trace-settled": str(settled).lower(),
            "x-trace-waits-for": urllib.parse.quote(waits_for),
            "x-trace-truncated": str(view.truncated),
            "x-trace-pinned": str(view.pinned).lower(),
        }
        return Response(view.body, headers=headers, media_type=_JSON if as_json else _PROTOBUF)

    async def pin(self, request: Request) -> Response:
        """``PUT`` keeps it whatever the limits say, ``DELETE`` no longer."""
        asked = params.trace_id(request.path_params["trace_id"])
        found = await self._resolved(asked)
        if isinstance(found, Response):
            return found
        # On the event loop: it changes the memory.
        if not self._context.memory.pin(found, request.method == "PUT"):
            if self._context.memory.summary(found) is None:
                return error_response(404, f"nothing is known of the trace {asked}")
            return error_response(409, "as many traces are pinned as there may be; unpin one that is not needed")
        return Response(status_code=204)

    async def export(self, request: Request) -> Response:
        """The named traces as one OTLP JSON document."""
        asked = [params.trace_id(text, "id") for text in request.query_params.getlist("id")]
        if not 1 <= len(asked) <= params.MAX_EXPORT:
            raise BadParameter(f"name 1 to {params.MAX_EXPORT} traces: ?id=…&id=…")
        ids = []
        for one in asked:
            found = await self._resolved(one)
            if isinstance(found, Response):
                return found
            ids.append(found)
        body = await self._context.run_in_thread(lambda: self._document(ids))
        if isinstance(body, Response):
            return body
        return Response(body, media_type=_JSON)

    async def _resolved(self, asked: str) -> str | Response:
        """The whole id; the answer that says why when none or several begin with what was asked."""
        if len(asked) == 32:
            return asked
        found = await self._context.run_in_thread(lambda: self._context.memory.ids(asked, 10))
        if not found:
            return error_response(404, f"no trace begins with {asked}")
        if len(found) > 1:
            listed = ", ".join(found)
            return error_response(409, f"several traces begin with {asked}: {listed}", candidates=list(found))
        return found[0]

    def _view(self, trace_id: str, as_json: bool) -> _View | None:
        summary, wire = self._context.memory.summary(trace_id), self._context.memory.wire(trace_id)
        if summary is None or wire is None:
            return None
        return _View(json_of_data(wire) if as_json else wire, summary.truncated, summary.pinned)

    def _document(self, ids: list[str]) -> bytes | Response:
        """One trace after the other, so that the event loop gets its turn between them."""
        parts: list[bytes] = []
        size = 0
        for one in ids:
            wire = self._context.memory.wire(one)
            if wire is None:
                return error_response(404, f"nothing is known of the trace {one}")
            size += len(wire)
            if size > _MAX_EXPORT:
                return error_response(413, f"these traces are more than {_MAX_EXPORT >> 20} MB")
            parts.append(json_of_data(wire).removeprefix(_BEGIN).removesuffix(_END))
        return _BEGIN + b",".join(parts) + _END


def _settle_options(request: Request) -> SettleOptions:
    asked = request.query_params
    return SettleOptions(
        timeout_s=params.whole(asked, "settle_ms", most=params.MAX_SETTLE_MS) / 1000,
        quiet_s=params.whole(asked, "quiet_ms", 300, most=params.MAX_SETTLE_MS) / 1000,
        root_id=params.span_id(asked, "root"),
    )
