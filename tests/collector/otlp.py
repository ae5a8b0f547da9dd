"""OTLP requests to test with, and OTLP JSON as the specification has it, written by reflection and apart from ours."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
#: 2026-01-01 00:00 UTC.
BEGIN_NS = 1_767_225_600_000_000_000
MS = 1_000_000

#: How deep values are varied.
_DEEP = 5

_HEX = {"trace_id", "span_id", "parent_span_id"}
_TEXT_INTEGERS = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
    FieldDescriptor.TYPE_SINT64,
}


def request(*spans: Span, service: str = "orders") -> ExportTraceServiceRequest:
    """One resource, one scope, these spans."""
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    attribute = resource.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    scope = resource.scope_spans.add()
    scope.scope.name = "tests"
    scope.spans.extend(spans)
    return made


def span(number: int = 1, parent: int = 0, trace: str = TRACE, **more: Any) -> Span:
    """Span ``number`` of a trace, 10 ms long; ``attributes`` are texts."""
    attributes = more.pop("attributes", {})
    fields: dict[str, Any] = {
        "trace_id": bytes.fromhex(trace),
        "span_id": number.to_bytes(8, "big"),
        "parent_span_id": parent.to_bytes(8, "big") if parent else b"",
        "name": f"work {number}",
        "kind": Span.SPAN_KIND_SERVER,
        "start_time_unix_nano": BEGIN_NS,
        "end_time_unix_nano": BEGIN_NS + 10 * MS,
    }
    made = Span(**{**fields, **more})
    for key, value in attributes.items():
        made.attributes.add(key=key).value.string_value = value
    return made


def body(*spans: Span, service: str = "orders") -> bytes:
    return request(*spans, service=service).SerializeToString()


def otlp_json(message: Message) -> Any:
    """Camel case names, hexadecimal ids, 64-bit integers as text, enums as numbers (OTLP 1.x, "JSON Protobuf")."""
    return {_camel(field.name): _json_field(field, value) for field, value in message.ListFields()}


def filled() -> ResourceSpans:
    """Every field of every message has a value; lists of attributes have one of each kind of value."""
    made = ResourceSpans()
    _fill(made, count(1), depth=0)
    for entry in made.scope_spans[0].spans:
        entry.trace_id = bytes.fromhex(TRACE)
        entry.start_time_unix_nano, entry.end_time_unix_nano = BEGIN_NS, BEGIN_NS + MS
    return made


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _json_field(field: FieldDescriptor, value: Any) -> Any:
    if field.is_repeated:
        return [_json_value(field, entry) for entry in value]
    return _json_value(field, value)


def _json_value(field: FieldDescriptor, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return otlp_json(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return value.hex() if field.name in _HEX else base64.b64encode(value).decode()
    return str(value) if field.type in _TEXT_INTEGERS else value


def _fill(message: Message, numbers: Iterator[int], depth: int, variant: int = 0) -> None:
    """``variant`` chooses the field of a oneof; values nest without end, so deep down it is the first, a text."""
    fields: Iterable[Any] = message.DESCRIPTOR.fields
    for field in fields:
        if field.containing_oneof is not None:
            chosen = field.containing_oneof.fields[variant if depth < _DEEP else 0]
            if field is not chosen:
                continue
        _fill_field(message, field, numbers, depth)


def _fill_field(message: Message, field: FieldDescriptor, numbers: Iterator[int], depth: int) -> None:
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        value = _value(field, next(numbers))
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)
    elif field.name in ("attributes", "values") and depth < _DEEP:
        for variant in range(len(AnyValue.DESCRIPTOR.oneofs[0].fields)):
            entry = getattr(message, field.name).add()
            value = entry if isinstance(entry, AnyValue) else entry.value
            _fill(value, numbers, depth + 1, variant)
            if entry is not value:
                entry.key = f"key {next(numbers)}"
    else:
        inner = getattr(message, field.name)
        _fill(inner.add() if field.is_repeated else inner, numbers, depth + 1)


def _value(field: FieldDescriptor, number: int) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return f"text {number}"
        case FieldDescriptor.TYPE_BYTES:
            return number.to_bytes(16 if field.name == "trace_id" else 8, "big")
        case FieldDescriptor.TYPE_BOOL:
            return True
        case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
            return number + 0.5
        case _:
            return number
