"""Senders that are not ours: OpenTelemetry's own exporters, and every field that OTLP has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from tests.collector.conftest import Served
from tests.collector.otlp import TRACE, filled, otlp_json


@pytest.fixture
def spans() -> Sequence[ReadableSpan]:
    """What an instrumented service sends: kinds, kinds of values, an event, an exception, a link, a status."""
    memory = InMemorySpanExporter()
    resource = Resource.create({"service.name": "orders", "service.instance.id": "orders-1", "ratio": 0.5})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests", "1.2", "https://schema.test/1", {"scope": True})
    with tracer.start_as_current_span("POST /orders/", kind=SpanKind.SERVER) as root:
        root.set_attributes({"a": 1, "b": "text", "c": True, "d": 1.5, "e": ["x", "y"], "f": [1, 2]})
        root.add_event("retry", {"attempt": 2})
        with tracer.start_as_current_span("GetUser", kind=SpanKind.CLIENT, links=[Link(root.get_span_context())]) as it:
            it.record_exception(KeyError("user"))
            it.set_status(Status(StatusCode.ERROR, "no user"))
    provider.shutdown()
    return memory.get_finished_spans()


def flat(document: Any) -> list[Any]:
    """Every span with its resource and scope, in an order of its own: how they are grouped is the collector's."""
    found = []
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            about = {**resource, "scopeSpans": [{**scope, "spans": []}]}
            found += [(one["spanId"], one, about) for one in scope["spans"]]
    return sorted(found, key=lambda entry: entry[0])


async def exported(served: Served, sent: ExportTraceServiceRequest) -> Any:
    trace_id = sent.resource_spans[0].scope_spans[0].spans[0].trace_id.hex()
    return await served.json("/v1/export", id=trace_id)


@pytest.mark.parametrize("packed", [False, True])
async def test_the_grpc_exporter_is_understood_field_by_field(
    served: Served, spans: Sequence[ReadableSpan], packed: bool
) -> None:
    import grpc

    compression = grpc.Compression.Gzip if packed else grpc.Compression.NoCompression
    exporter = GrpcExporter(endpoint=f"http://{served.grpc}", insecure=True, compression=compression)
    assert await asyncio.to_thread(exporter.export, spans) is SpanExportResult.SUCCESS
    await asyncio.to_thread(exporter.shutdown)
    sent = encode_spans(spans)
    assert flat(await exported(served, sent)) == flat(otlp_json(sent))


@pytest.mark.parametrize("compression", list(Compression))
async def test_the_http_exporter_is_understood_field_by_field(
    served: Served, spans: Sequence[ReadableSpan], compression: Compression
) -> None:
    exporter = HttpExporter(endpoint=f"{served.otlp}/v1/traces", compression=compression)
    assert await asyncio.to_thread(exporter.export, spans) is SpanExportResult.SUCCESS
    await asyncio.to_thread(exporter.shutdown)
    sent = encode_spans(spans)
    assert flat(await exported(served, sent)) == flat(otlp_json(sent))


async def test_what_the_sdk_sends_is_understood_as_json_too(served: Served, spans: Sequence[ReadableSpan]) -> None:
    sent = encode_spans(spans)
    document = json.dumps(otlp_json(sent)).encode()
    assert (await served.post(document, "application/json")).json() == {}
    assert flat(await exported(served, sent)) == flat(otlp_json(sent))


@pytest.mark.parametrize("as_json", [False, True])
async def test_every_field_of_otlp_comes_back(served: Served, as_json: bool) -> None:
    sent = ExportTraceServiceRequest(resource_spans=[filled()])
    if as_json:
        answer = await served.post(json.dumps(otlp_json(sent)).encode(), "application/json")
    else:
        answer = await served.post(sent.SerializeToString())
    assert answer.status_code == 200
    assert await served.json("/v1/export", id=TRACE) == otlp_json(sent)


async def test_fields_that_are_newer_than_we_are_come_back_as_protobuf(served: Served) -> None:
    sent = ExportTraceServiceRequest(resource_spans=[filled()])
    plain = sent.resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    newer = plain + b"\xba\x3e\x05hello"  # field 999, length-delimited
    whole = sent.SerializeToString()
    assert whole.count(plain) == 1
    patched = ExportTraceServiceRequest(resource_spans=[filled()])
    patched.resource_spans[0].scope_spans[0].spans[0].MergeFromString(b"\xba\x3e\x05hello")
    assert (await served.post(patched.SerializeToString())).status_code == 200
    assert newer[-8:] in (await served.get(f"/v1/traces/{TRACE}")).content
