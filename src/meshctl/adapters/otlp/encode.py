"""Model spans -> OTLP JSON, as OTLP/HTTP takes it. Standard library only: a short command pays for no protobuf."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus

_KINDS = {
    SpanKind.UNSPECIFIED: 0,
    SpanKind.INTERNAL: 1,
    SpanKind.SERVER: 2,
    SpanKind.CLIENT: 3,
    SpanKind.PRODUCER: 4,
    SpanKind.CONSUMER: 5,
}
_STATUSES = {SpanStatus.UNSET: 0, SpanStatus.OK: 1, SpanStatus.ERROR: 2}
_INT64 = range(-(2**63), 2**63)


def request_json(spans: Sequence[Span]) -> bytes:
    """An ``ExportTraceServiceRequest``, spans grouped by service, instance, resource and scope.

    Ids are hex, 64-bit integers and times strings, bytes base64 (OTLP 1.x, "JSON Protobuf Encoding"). A value that
    OTLP has no type for is sent as its text.
    """
    resources: dict[str, tuple[Any, dict[str, list[Any]]]] = {}
    keys: dict[tuple[str, str, int], str] = {}
    for span in spans:
        owner = (span.service, span.instance, id(span.resource))
        if owner not in keys:
            resource = {"attributes": _attributes(_resource(span))}
            keys[owner] = key = _text(resource)
            resources.setdefault(key, (resource, {}))
        resources[keys[owner]][1].setdefault(span.scope, []).append(_span(span))
    document = {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [_scope_spans(name, found) for name, found in scopes.items()]}
            for resource, scopes in resources.values()
        ]
    }
    return _text(document).encode("utf-8", "replace")


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _resource(span: Span) -> Mapping[str, Any]:
    own = {"service.name": span.service, "service.instance.id": span.instance}
    return {**{key: value for key, value in own.items() if value}, **span.resource}


def _scope_spans(name: str, spans: list[Any]) -> dict[str, Any]:
    return {"scope": {"name": name}, "spans": spans} if name else {"spans": spans}


def _span(span: Span) -> dict[str, Any]:
    data: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": _KINDS[span.kind],
        "startTimeUnixNano": str(max(0, span.start_ns)),
        "endTimeUnixNano": str(max(0, span.end_ns)),
        "attributes": _attributes(span.attributes),
        "events": [_event(event) for event in span.events],
        "links": [_link(link) for link in span.links],
    }
    status = {"code": _STATUSES[span.status], "message": span.status_message}
    data["status"] = {key: value for key, value in status.items() if value}
    return {key: value for key, value in data.items() if value not in ("", [], {})}


def _event(event: SpanEvent) -> dict[str, Any]:
    return {
        "timeUnixNano": str(max(0, event.time_ns)),
        "name": event.name,
        "attributes": _attributes(event.attributes),
    }


def _link(link: SpanLink) -> dict[str, Any]:
    return {"traceId": link.trace_id, "spanId": link.span_id, "attributes": _attributes(link.attributes)}


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": str(key), "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and value in _INT64:
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": float_data(value)}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _attributes(value)}}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {} if value is None else {"stringValue": str(value)}


def float_data(value: float) -> float | str:
    """A number as JSON has it; those that JSON has not by name."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
