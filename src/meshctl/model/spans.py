"""Spans, in OpenTelemetry's words. Times are Unix nanoseconds, durations nanoseconds, ids lower-case hex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SpanKind(StrEnum):
    """OTLP ``Span.SpanKind``."""

    UNSPECIFIED = "unspecified"
    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class SpanStatus(StrEnum):
    """OTLP ``Status.StatusCode``."""

    UNSET = "unset"
    OK = "ok"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened within a span; ``exception`` events carry ``exception.*`` attributes."""

    name: str
    time_ns: int
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """Another span this one has to do with, in this trace or another."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One span as it was sent.

    ``parent_id`` is '' for a root. ``duration_ns`` may be negative when the sender's clock was set back.
    ``service`` and ``instance`` are ``service.name`` and ``service.instance.id`` of the resource.
    ``attributes``, ``resource`` and attribute mappings of events may be decoded only when they are read;
    their values are str, bool, int, float, bytes, lists and mappings of these.
    """

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    kind: SpanKind
    start_ns: int
    duration_ns: int
    status: SpanStatus = SpanStatus.UNSET
    status_message: str = ""
    instance: str = ""
    scope: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    resource: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns

    @property
    def failed(self) -> bool:
        return self.status is SpanStatus.ERROR
