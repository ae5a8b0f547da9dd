"""Spans in the JSON of Jaeger's query API (jaegertracing/jaeger ``model/json``). Times are microseconds."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus


def response(data: Any, total: int = 0, errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The envelope of every answer."""
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": list(errors) or None}


def failure(code: int, message: str) -> dict[str, Any]:
    """The envelope of an answer that is none."""
    return response(None, errors=[{"code": code, "msg": message}])


def trace_data(trace_id: str, spans: Sequence[Span], warnings: Sequence[str] = ()) -> dict[str, Any]:
    """One trace; processes are numbered ``p1 …`` as they come."""
    processes = _Processes()
    return {
        "traceID": trace_id,
        "spans": [_span(span, processes.id_of(span)) for span in spans],
        "processes": processes.data,
        "warnings": list(warnings) or None,
    }


class _Processes:
    """Every distinct resource of a trace once."""

    def __init__(self) -> None:
        self.data: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}
        self._seen: dict[int, tuple[Mapping[str, Any], str]] = {}

    def id_of(self, span: Span) -> str:
        # Spans of one batch share their resource; the mapping is kept so that its id() stays its own.
        seen = self._seen.get(id(span.resource))
        if seen is not None:
            return seen[1]
        tags = [tag(key, value) for key, value in span.resource.items() if key != "service.name"]
        key = json.dumps([span.service, tags])
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = f"p{len(self._ids) + 1}"
            self.data[found] = {"serviceName": span.service, "tags": tags}
        self._seen[id(span.resource)] = (span.resource, found)
        return found


def _span(span: Span, process: str) -> dict[str, Any]:
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": list(_references(span)),
        "startTime": span.start_ns // 1000,
        "duration": max(span.duration_ns, 0) // 1000,
        "tags": _tags(span),
        "logs": [_log(event) for event in span.events],
        "processID": process,
        "warnings": ["the span ends before it starts"] if span.duration_ns < 0 else None,
    }


def _references(span: Span) -> Iterable[dict[str, str]]:
    if span.parent_id:
        yield {"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_id}
    for link in span.links:
        yield {"refType": _relation(link), "traceID": link.trace_id, "spanID": link.span_id}


def _relation(link: SpanLink) -> str:
    return "CHILD_OF" if link.attributes.get("opentracing.ref_type") == "child_of" else "FOLLOWS_FROM"


def _tags(span: Span) -> list[dict[str, Any]]:
    tags = [tag(key, value) for key, value in span.attributes.items()]
    if span.scope:
        tags.append(tag("otel.scope.name", span.scope))
    if span.kind is not SpanKind.UNSPECIFIED:
        tags.append(tag("span.kind", str(span.kind)))
    if span.status is not SpanStatus.UNSET:
        tags.append(tag("otel.status_code", span.status.upper()))
    if span.failed:
        tags.append(tag("error", True))
    if span.status_message:
        tags.append(tag("otel.status_description", span.status_message))
    return tags


def _log(event: SpanEvent) -> dict[str, Any]:
    fields = [tag("event", event.name)] if event.name else []
    fields += [tag(key, value) for key, value in event.attributes.items()]
    return {"timestamp": event.time_ns // 1000, "fields": fields}


def tag(key: str, value: Any) -> dict[str, Any]:
    """A typed pair; what Jaeger has no type for becomes JSON text."""
    match value:
        case bool():
            kind = "bool"
        case int():
            kind = "int64"
        case float() if math.isfinite(value):
            kind = "float64"
        case float():
            kind, value = "string", str(value)
        case bytes():
            kind, value = "binary", base64.b64encode(value).decode()
        case str():
            kind = "string"
        case _:
            kind, value = "string", json.dumps(value, ensure_ascii=False, default=str)
    return {"key": key, "type": kind, "value": value}
