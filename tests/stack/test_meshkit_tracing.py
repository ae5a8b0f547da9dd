"""Contexts and spans, set-up from the environment, and the way to a collector that may be away."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent import futures

import grpc
import pytest
from opentelemetry import baggage
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from meshkit import UpstreamError, log, tracing
from meshkit.settings import read_settings
from meshkit.tracing import export, provider
from meshkit.tracing.export import Sender, batches
from tests.stack.recorded import Recorded, attributes, events, id_of, is_error, parent_of, trace_of

TRACE, SPAN = "1" * 32, "2" * 16
VALID = f"00-{TRACE}-{SPAN}-01"


def test_a_trace_is_continued_with_a_span_of_its_own_and_sent_on(spans: Recorded) -> None:
    with tracing.span("work", carrier={"traceparent": VALID, "tracestate": "a=b"}):
        context = tracing.current()
        assert context is not None and context.trace_id == TRACE and context.span_id != SPAN
        assert tracing.headers() == {"traceparent": f"00-{TRACE}-{context.span_id}-01", "tracestate": "a=b"}
    assert tracing.current() is None
    assert parent_of(spans.one("work")) == SPAN


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{SPAN}-01"],
)
def test_an_invalid_header_begins_a_new_trace(header: str, spans: Recorded) -> None:
    with tracing.span("work", carrier={"traceparent": header}):
        context = tracing.current()
    assert context is not None and context.trace_id not in {TRACE, "0" * 32}
    assert parent_of(spans.one("work")) == ""


def test_outside_of_a_trace_there_is_nothing_to_send() -> None:
    assert tracing.headers() == {}
    assert not tracing.traced()


def test_a_carrier_without_a_trace_does_not_inherit_the_one_that_is_current(spans: Recorded) -> None:
    with tracing.span("outer"), tracing.continued({}):
        assert not tracing.traced()


def test_baggage_travels_with_the_trace() -> None:
    with tracing.continued({"traceparent": VALID, "baggage": "mesh-fault=orders"}):
        assert baggage.get_baggage("mesh-fault") == "orders"
        assert tracing.headers()["baggage"] == "mesh-fault=orders"


def test_a_failure_is_an_error_with_its_exception(spans: Recorded) -> None:
    with pytest.raises(ValueError, match="no such thing"), tracing.span("work"):
        raise ValueError("no such thing")
    span = spans.one("work")
    assert is_error(span)
    assert attributes(span)["error.type"] == "ValueError"
    told = events(span)["exception"]
    assert told["exception.message"] == "no such thing" and "test_a_failure" in told["exception.stacktrace"]


def test_the_failure_of_another_service_comes_without_a_stack(spans: Recorded) -> None:
    with pytest.raises(UpstreamError), tracing.span("work"):
        raise UpstreamError("stock", "stock-1 answered 500", status=500)
    assert "exception.stacktrace" not in events(spans.one("work"))["exception"]


def test_what_is_ignored_is_no_error(spans: Recorded) -> None:
    with pytest.raises(KeyError), tracing.span("work", ignore=(KeyError,)):
        raise KeyError("x")
    assert not is_error(spans.one("work"))


def test_untraced_work_keeps_its_ids_and_records_nothing(spans: Recorded) -> None:
    with tracing.continued({"traceparent": VALID}), tracing.untraced(), tracing.span("silent"):
        assert tracing.headers()["traceparent"].startswith(f"00-{TRACE}-")
        assert tracing.headers()["traceparent"].endswith("-00")
    assert spans.names() == []


def test_logs_carry_the_ids_of_the_current_span(spans: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    with tracing.span("work"):
        log.info("inside")
    log.info("outside")
    inside, outside = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    span = spans.one("work")
    assert (inside["trace_id"], inside["span_id"]) == (trace_of(span), id_of(span))
    assert "trace_id" not in outside


def test_the_sender_is_who_the_registry_knows() -> None:
    own = read_settings(
        {"MESH_SERVICE": "orders", "MESH_INSTANCE": "orders-2", "MESH_PROJECT": "shop", "MESH_VERSION": "3"}
    )
    who = provider.resource(own).attributes
    assert who["service.name"] == "orders"
    assert who["service.instance.id"] == "orders-2"
    assert who["service.namespace"] == "shop"
    assert who["service.version"] == "3"


class Wire(SpanExporter):
    """An exporter whose collector is away for the first `away` tries."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.tries = 0
        self.sent: list[str] = []
        self.got = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.tries += 1
        if self.tries <= self.away:
            return SpanExportResult.FAILURE
        self.sent += [span.name for span in spans]
        self.got.set()
        return SpanExportResult.SUCCESS


@pytest.fixture
def fresh() -> Iterator[None]:
    """No provider of an earlier test."""
    before, provider._provider = provider._provider, None
    tracer, provider._tracer = provider._tracer, None
    yield
    provider._provider, provider._tracer = before, tracer


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if str(line["event"]).startswith("telemetry.")]


def test_a_collector_that_comes_later_gets_what_there_was(capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire(away=2)
    sender = Sender("http://collector:4317", lambda _: wire)
    assert sender.export([ReadableSpan("early")]) is SpanExportResult.SUCCESS
    assert (wire.tries, wire.sent) == (3, ["early"])
    assert [line["event"] for line in told(capsys)] == ["telemetry.away", "telemetry.back"]


def test_a_collector_that_stays_away_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire(away=3)
    sender = Sender("http://collector:4317", lambda _: wire, keep_s=0.0)
    for _ in range(3):
        assert sender.export([ReadableSpan("lost")]) is SpanExportResult.FAILURE
    assert sender.export([ReadableSpan("kept")]) is SpanExportResult.SUCCESS
    away, back = told(capsys)
    assert (away["event"], back["event"], back["lost_spans"]) == ("telemetry.away", "telemetry.back", 3)


def test_at_the_end_an_absent_collector_is_tried_once() -> None:
    wire = Wire(away=99)
    sender = Sender("http://collector:4317", lambda _: wire)
    sender.hurry()
    assert sender.export([ReadableSpan("lost")]) is SpanExportResult.FAILURE
    assert wire.tries == 1


def test_a_span_waits_a_tenth_of_a_second_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(export, "BatchSpanProcessor", lambda exporter, **options: asked.update(options))
    batches(Sender("http://collector:4317", lambda _: Wire(away=0)))
    assert asked["schedule_delay_millis"] == 100


def test_spans_go_without_being_asked_for() -> None:
    wire = Wire(away=0)
    own = TracerProvider(shutdown_on_exit=False)
    own.add_span_processor(batches(Sender("http://collector:4317", lambda _: wire)))
    own.get_tracer("test").start_span("work").end()
    assert wire.got.wait(20)
    own.shutdown()


class Collector:
    """OTLP over gRPC on a port of its own; keeps the names of what it gets."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.instances: set[str] = set()
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        export = grpc.unary_unary_rpc_method_handler(self._take)
        name = "opentelemetry.proto.collector.trace.v1.TraceService"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": export}),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Collector:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def _take(self, body: bytes, _: object) -> bytes:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            who = {pair.key: pair.value.string_value for pair in group.resource.attributes}
            self.instances.add(who["service.instance.id"])
            self.names += [span.name for scope in group.scope_spans for span in scope.spans]
        return b""


# The sender's thread, a daemon, is held back: a process that has threads may not fork, and Python 3.12 says so.
_FORKING = """
import os, threading
from unittest.mock import patch
from meshkit import tracing
begin = threading.Thread.start
with patch.object(threading.Thread, "start", lambda thread: thread.daemon or begin(thread)):
    with tracing.span("queued by the parent"): pass
    child = os.fork()
with tracing.span("child" if child == 0 else "parent after"): pass
tracing.flush(5)
if child == 0: os._exit(0)
_, status = os.waitpid(child, 0)
raise SystemExit(status)
"""


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True, timeout=60
    )


def test_a_forked_child_sends_its_own_spans_once() -> None:
    with Collector() as collector:
        where = f"http://127.0.0.1:{collector.port}"
        done = python(_FORKING, OTEL_EXPORTER_OTLP_ENDPOINT=where, MESH_INSTANCE="worker-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(collector.names) == ["child", "parent after", "queued by the parent"]
    assert collector.instances == {"worker-1"}


_LEAVING = """
from meshkit import tracing
for _ in range(1000):
    with tracing.span("work"): pass
tracing.shutdown(1.0)
"""


def test_an_absent_collector_does_not_hold_a_process_up() -> None:
    done = python(_LEAVING, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["telemetry.away"]


class Stuck(SpanProcessor):
    """Ends when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.ended = threading.Event()

    def shutdown(self) -> None:
        self.let_go.wait(20)
        self.ended.set()


def test_what_is_stuck_is_left_behind(fresh: None) -> None:
    own, stuck = TracerProvider(shutdown_on_exit=False), Stuck()
    own.add_span_processor(stuck)
    tracing.install(own)
    tracing.shutdown(0.01)
    assert not stuck.ended.is_set()
    stuck.let_go.set()
    assert stuck.ended.wait(20)


@pytest.mark.parametrize("env", [{}, {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317"}])
def test_without_an_exporter_contexts_go_on(fresh: None, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    before = set(threading.enumerate())
    with tracing.span("work", carrier={"traceparent": VALID}):
        assert tracing.headers()["traceparent"].startswith(f"00-{TRACE}-")
    tracing.flush()
    tracing.shutdown()
    assert not set(threading.enumerate()) - before  # threads of earlier tests may end meanwhile


def test_the_sdk_says_nothing_of_its_own(fresh: None) -> None:
    tracing.start()
    assert not logging.getLogger("opentelemetry.exporter.otlp.proto.grpc.exporter").isEnabledFor(logging.ERROR)
