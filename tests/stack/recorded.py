"""Spans of a test, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from meshkit import tracing
from meshkit.settings import read_settings
from meshkit.tracing import provider


class Recorded:
    """What has ended so far, oldest first."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def __iter__(self) -> Iterator[ReadableSpan]:
        return iter(self._exporter.get_finished_spans())

    def names(self) -> list[str]:
        return [span.name for span in self]

    def kind(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self if span.kind is kind]

    def one(self, name: str) -> ReadableSpan:
        """The only span of that name."""
        (found,) = [span for span in self if span.name == name]
        return found

    def all(self, name: str) -> list[ReadableSpan]:
        return [span for span in self if span.name == name]


@contextmanager
def recording() -> Iterator[Recorded]:
    """A provider for the block alone; the one before is back afterwards."""
    before = provider._provider
    exporter = InMemorySpanExporter()
    own = TracerProvider(resource=provider.resource(read_settings({})), shutdown_on_exit=False)
    own.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.install(own)
    try:
        yield Recorded(exporter)
    finally:
        tracing.install(before)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def events(span: ReadableSpan) -> dict[str, dict[str, Any]]:
    """Attributes of the span's events by their name."""
    return {event.name: dict(event.attributes or {}) for event in span.events}


def is_error(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR


def parent_of(span: ReadableSpan) -> str:
    """The id of its parent in hex, '' for a root."""
    return f"{span.parent.span_id:016x}" if span.parent else ""


def id_of(span: ReadableSpan) -> str:
    return f"{span.get_span_context().span_id:016x}"  # type: ignore[union-attr]


def trace_of(span: ReadableSpan) -> str:
    return f"{span.get_span_context().trace_id:032x}"  # type: ignore[union-attr]
