"""Requests in protobuf with only what matters said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.spans import BEGIN_NS, MS


def trace_id(number: int) -> bytes:
    """16 bytes."""
    return number.to_bytes(16, "big")


def hex_id(number: int) -> str:
    """The same in hex."""
    return trace_id(number).hex()


def span(number: int = 1, parent: int = 0, trace: int = 1, **more: Any) -> dict[str, Any]:
    """Words for a ``Span`` message; ``at`` and ``ms`` in ms, ``error=True`` failed, ``attributes`` a mapping."""
    at, ms = more.pop("at", 0.0), more.pop("ms", 1.0)
    words: dict[str, Any] = {
        "trace_id": trace_id(trace),
        "span_id": number.to_bytes(8, "big"),
        "parent_span_id": parent.to_bytes(8, "big") if parent else b"",
        "name": f"work {number}",
        "start_time_unix_nano": BEGIN_NS + int(at * MS),
        "end_time_unix_nano": BEGIN_NS + int((at + ms) * MS),
        "attributes": pairs(more.pop("attributes", {})),
    }
    if more.pop("error", False):
        words["status"] = {"code": 2, "message": "it failed"}
    return {**words, **more}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """``KeyValue`` words of plain values."""
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value", bytes: "bytes_value"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in attributes.items()]


def request(*spans: dict[str, Any], service: str = "orders", scope: str = "tests", **resource: Any) -> bytes:
    """One ``ExportTraceServiceRequest`` of one service."""
    made: bytes = message([(service, scope, spans)], **resource).SerializeToString()
    return made


def message(parts: Sequence[tuple[str, str, Sequence[dict[str, Any]]]], **resource: Any) -> Any:
    """The message of several (service, scope, spans)."""
    resource_spans: Any = [
        {
            "resource": {"attributes": pairs({"service.name": service, **resource})},
            "scope_spans": [{"scope": {"name": scope}, "spans": list(spans)}],
        }
        for service, scope, spans in parts
    ]
    return ExportTraceServiceRequest(resource_spans=resource_spans)
