"""Jaeger's query JSON under ``/api``, for tools that speak to Jaeger."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meshctl.collector.serve import params
from meshctl.collector.serve.context import QueryContext, compact
from meshctl.collector.serve.jaeger_json import failure, response, trace_data
from meshctl.collector.serve.params import BadParameter
from meshctl.model.traces import TraceQuery

#: Spans that one answer may bring; further traces are left out, and an error says so.
MAX_SPANS = 100_000

_DEFAULT_LIMIT = 100
_NONE = compact(response([]))
_DAY_MS = 24 * 3600 * 1000
_MOST = 2**62
_UNITS_NS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d)")


class JaegerApi:
    """Reads of the memory in Jaeger's shapes."""

    def __init__(self, context: QueryContext, now: Callable[[], float] = time.time) -> None:
        self._context = context
        self._now = now

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/api/services", self.services),
            Route("/api/services/{service:path}/operations", self.operation_names),
            Route("/api/operations", self.operations),
            Route("/api/traces", self.traces),
            Route("/api/traces/{trace_id}", self.trace),
            Route("/api/dependencies", self.dependencies),
        ]

    async def services(self, request: Request) -> Response:
        """Names."""
        return await self._listed(self._context.memory.services)

    async def operation_names(self, request: Request) -> Response:
        """Names of one service's spans."""
        service = request.path_params["service"]
        return await self._listed(lambda: self._context.memory.operations(service))

    async def operations(self, request: Request) -> Response:
        """The same as objects."""
        service = request.query_params.get("service", "")
        if not service:
            raise BadParameter("parameter 'service' is required")
        memory = self._context.memory
        return await self._listed(lambda: [{"name": name, "spanKind": ""} for name in memory.operations(service)])

    async def traces(self, request: Request) -> Response:
        """Whole traces that match, or those that ``traceID`` names."""
        asked = request.query_params.getlist("traceID")
        if asked:
            ids = [_trace_id(text) for text in asked[: params.MAX_EXPORT]]
            return _json(await self._context.run_in_thread(lambda: self._found(ids)) or _NONE)
        query = jaeger_query(request.query_params, self._now())
        search = self._context.memory.search
        found = await self._context.run_in_thread(lambda: self._found([summary.trace_id for summary in search(query)]))
        return _json(found or _NONE)

    async def trace(self, request: Request) -> Response:
        """One trace."""
        trace_id = _trace_id(request.path_params["trace_id"])
        found = await self._context.run_in_thread(lambda: self._found([trace_id]))
        return _json(found) if found else _json(compact(failure(404, "trace not found")), 404)

    async def dependencies(self, request: Request) -> Response:
        """Calls between services since ``endTs - lookback`` (milliseconds)."""
        asked = request.query_params
        now_ms = int(self._now() * 1000)
        end_ms = params.whole(asked, "endTs", now_ms, most=_MOST)
        window_s = max(now_ms - end_ms + params.whole(asked, "lookback", _DAY_MS, most=_MOST), 1) / 1000

        def links() -> dict[str, Any]:
            calls: dict[tuple[str, str], int] = {}
            for edge in self._context.memory.edges(window_s):
                calls[edge.caller, edge.target] = calls.get((edge.caller, edge.target), 0) + edge.calls
            return response([{"parent": a, "child": b, "callCount": count} for (a, b), count in calls.items()])

        return await self._context.json_response(links)

    async def _listed(self, read: Callable[[], Sequence[Any]]) -> Response:
        def listed() -> dict[str, Any]:
            found = list(read())
            return response(found, total=len(found))

        return await self._context.json_response(listed)

    def _found(self, ids: Sequence[str]) -> bytes:
        """The answer with these traces, b'' without any; encoded one by one, so that the event loop gets its turn."""
        traces: list[bytes] = []
        errors: list[dict[str, str]] = []
        room = MAX_SPANS
        for trace_id in ids:
            spans = self._context.memory.spans(trace_id)
            room -= len(spans)
            if traces and room < 0:
                errors = [{"msg": f"only {len(traces)} of {len(ids)} traces: together they have too many spans"}]
                break
            if spans:
                traces.append(compact(trace_data(trace_id, spans, self._warnings(trace_id))))
        envelope = compact(response([], errors=errors)).removeprefix(b'{"data":[')
        return b'{"data":[' + b",".join(traces) + envelope if traces else b""

    def _warnings(self, trace_id: str) -> list[str]:
        summary = self._context.memory.summary(trace_id)
        kept_out = summary.truncated if summary else 0
        return [f"a limit of the collector has kept {kept_out} spans out"] if kept_out else []


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def jaeger_query(asked: QueryParams, now: float) -> TraceQuery:
    """``service operation limit start end lookback minDuration maxDuration tags tag``. Raises BadParameter."""
    if not asked.get("service"):
        raise BadParameter("parameter 'service' is required")
    operation = asked.get("operation", "")
    attributes, error = _tags(asked)
    since_us = params.whole(asked, "start", most=_MOST)
    lookback = asked.get("lookback", "")
    if not since_us and lookback not in ("", "custom"):
        since_us = max(int(now * 1e6) - _duration_ns("lookback", lookback) // 1000, 0)
    return TraceQuery(
        service=asked["service"],
        operation="" if operation == "all" else operation,
        min_duration_ns=_duration_ns("minDuration", asked.get("minDuration", "")),
        max_duration_ns=_duration_ns("maxDuration", asked.get("maxDuration", "")),
        error=error,
        attributes=attributes,
        since_ns=since_us * 1000,
        until_ns=params.whole(asked, "end", most=_MOST) * 1000,
        limit=params.limit(asked, _DEFAULT_LIMIT),
    )


def _tags(asked: QueryParams) -> tuple[tuple[tuple[str, str], ...], bool | None]:
    """``tags={"k":"v"}`` and ``tag=k:v``; Jaeger's tag ``error`` is the status of a span, no attribute."""
    tags: dict[str, str] = {}
    for text in asked.getlist("tag"):
        key, sign, value = text.partition(":")
        if not sign:
            raise BadParameter(f"tag must be key:value, not {text[:80]!r}")
        tags[key] = value
    for text in asked.getlist("tags"):
        tags.update(_json_tags(text))
    error = tags.pop("error", "")
    return tuple(tags.items()), {"true": True, "false": False}.get(error.lower())


def _json_tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadParameter(f'tags must be a JSON object such as {{"http.method":"GET"}}, not {text[:80]!r}')
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}


def _duration_ns(name: str, text: str) -> int:
    """Go's form of a duration, such as ``1.2ms`` and ``1m30s``; days too."""
    if not text:
        return 0
    parts = _PART.findall(text)
    if "".join(count + unit for count, unit in parts) != text:
        raise BadParameter(f"{name} must be a duration such as 1.2ms, not {text[:80]!r}")
    total = sum(float(count) * (_UNITS_NS["h"] * 24 if unit == "d" else _UNITS_NS[unit]) for count, unit in parts)
    if total > _MOST:
        raise BadParameter(f"{name} is too long")
    return int(total)


def _trace_id(text: str) -> str:
    """Jaeger leaves leading zeros out."""
    found = text.lower().zfill(32)
    if not re.fullmatch(r"[0-9a-f]{32}", found):
        raise BadParameter(f"{text[:80]!r} is no trace id")
    return found
