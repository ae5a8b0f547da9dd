"""OTLP protobuf -> model spans. Attributes stay undecoded until they are read."""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from meshctl.adapters.otlp.values import LazyAttributes, value_of
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus

#: The service of a resource that names none, in the words of OpenTelemetry's SDKs.
UNKNOWN_SERVICE = "unknown_service"

_KINDS = dict(
    enumerate(
        (
            SpanKind.UNSPECIFIED,
            SpanKind.INTERNAL,
            SpanKind.SERVER,
            SpanKind.CLIENT,
            SpanKind.PRODUCER,
            SpanKind.CONSUMER,
        )
    )
)
_STATUSES = {0: SpanStatus.UNSET, 1: SpanStatus.OK, 2: SpanStatus.ERROR}


class BadPayload(ValueError):
    """The bytes are no OTLP trace data; ``str(error)`` says why in one sentence."""


class _Owner(NamedTuple):
    service: str
    instance: str
    attributes: LazyAttributes


def spans_of(data: bytes) -> tuple[Span, ...]:
    """Every span of a ``TracesData`` or ``ExportTraceServiceRequest``, in its order. Raises BadPayload.

    Spans of equal resources share one ``resource``. Ids are taken as they are, whatever their length.
    """
    message = parsed(data)
    owners: dict[bytes, _Owner] = {}
    spans: list[Span] = []
    for resource_spans in message.resource_spans:
        owner = _owner(resource_spans.resource, owners)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            spans.extend(_span(span, owner, scope) for span in scope_spans.spans)
    return tuple(spans)


def parsed(data: bytes) -> TracesData:
    """The message. Raises BadPayload."""
    try:
        return TracesData.FromString(data)
    except DecodeError as error:
        raise BadPayload("not trace data in protobuf (truncated, or of another kind)") from error


def service_of(resource: Resource) -> tuple[str, str]:
    """``service.name`` and ``service.instance.id``."""
    service = instance = ""
    for pair in resource.attributes:
        if pair.key == "service.name":
            service = str(value_of(pair.value))
        elif pair.key == "service.instance.id":
            instance = str(value_of(pair.value))
    return service or UNKNOWN_SERVICE, instance


def _owner(resource: Resource, owners: dict[bytes, _Owner]) -> _Owner:
    key = resource.SerializeToString()
    owner = owners.get(key)
    if owner is None:
        owner = owners[key] = _Owner(*service_of(resource), LazyAttributes(resource.attributes))
    return owner


def _span(wire: trace_pb2.Span, owner: _Owner, scope: str) -> Span:
    start = wire.start_time_unix_nano
    status: Any = wire.status if wire.HasField("status") else None
    events, links = wire.events, wire.links
    return Span(
        wire.trace_id.hex(),
        wire.span_id.hex(),
        _parent(wire.parent_span_id),
        owner.service,
        wire.name,
        _KINDS.get(wire.kind, SpanKind.UNSPECIFIED),
        start,
        wire.end_time_unix_nano - start,
        SpanStatus.UNSET if status is None else _STATUSES.get(status.code, SpanStatus.UNSET),
        "" if status is None else status.message,
        owner.instance,
        scope,
        LazyAttributes(wire.attributes),
        owner.attributes,
        tuple(map(_event, events)) if events else (),
        tuple(map(_link, links)) if links else (),
    )


def _parent(span_id: bytes) -> str:
    # Eight zero bytes are how some senders write "none".
    return span_id.hex() if span_id.strip(b"\0") else ""


def _event(wire: trace_pb2.Span.Event) -> SpanEvent:
    return SpanEvent(wire.name, wire.time_unix_nano, LazyAttributes(wire.attributes))


def _link(wire: trace_pb2.Span.Link) -> SpanLink:
    return SpanLink(wire.trace_id.hex(), wire.span_id.hex(), LazyAttributes(wire.attributes))
