"""``call --trace``: the answer first, then the settled trace of that very call with its log lines."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from meshctl.cli.output import Output
from meshctl.engine.calls.traced import REPORT_S
from meshctl.errors import CallError, CallTimeout
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.spans import Span, SpanKind, SpanStatus
from tests.cli.conftest import COLLECTOR, GOOD, Open, Run
from tests.cli.worlds import FakeWorld, greet, header
from tests.fakes.collectors import FakeCollector
from tests.spans import span

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def up(run: Run, world: Open, project: Path) -> FakeWorld:
    """Two instances of ``web`` and a collector, in which each call finds a span of web below its own."""
    (project / "meshctl.yaml").write_text(f"{GOOD}{COLLECTOR}")
    made = world()
    assert run("up", "--scale", "web=2").code == 0
    made.stage.collector.sent.clear()
    made.stage.collector.addresses.clear()
    made.stage.collector.below = (span(2, 0, "web", "GET /orders", kind=SpanKind.SERVER, at=0.1),)
    made.stage.clock.advance(time.time() - made.stage.clock.now())
    return made


def ours(up: FakeWorld) -> Span:
    (sent,) = up.stage.collector.sent
    return sent


def test_the_answer_comes_first_then_the_waterfall_then_the_lines_of_the_trace(run: Run, up: FakeWorld) -> None:
    def answer(endpoint: Endpoint, request: CallRequest) -> CallReply:
        trace_id = header(request).split("-")[1]
        up.stage.engine.write("store-1", "nothing to do with it", f'{{"event": "stored", "trace_id": "{trace_id}"}}')
        return greet(endpoint, request)

    up.answer = answer
    answered = run("call", "web", "GET", "/orders", "--instance", "web-1", "--trace")
    assert answered.code == 0, answered.err
    body, _, below = answered.out.partition("\n\n")
    waterfall, _, lines = below.partition("\n\n")
    assert json.loads(body) == {"hello": "web-1"}
    assert [word in waterfall for word in ("GET /orders", "meshctl", "web", "2 spans")] == [True] * 4
    assert "stored" in lines and "store-1" in lines
    assert "nothing to do with it" not in answered.out


def test_our_span_is_the_client_of_the_request_and_goes_along_with_it(run: Run, up: FakeWorld) -> None:
    run("call", "web", "GET", "/orders?page=2", "--instance", "web-1", "--trace")
    root = ours(up)
    ((_, request),) = up.sent
    assert header(request) == f"00-{root.trace_id}-{root.span_id}-01"
    assert (root.service, root.name, root.kind, root.parent_id) == ("meshctl", "GET /orders", SpanKind.CLIENT, "")
    assert root.status is SpanStatus.UNSET and root.duration_ns > 0
    assert root.attributes["http.request.method"] == "GET"
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["url.full"].endswith("/orders?page=2")


def test_our_span_is_as_long_as_the_request_without_what_was_looked_up_before(run: Run, up: FakeWorld) -> None:
    up.answer = lambda e, r: CallReply(e.service, e.instance, "grpc", 200, True, 2.5, began_ns=1_795_435_200 * 10**9)
    run("call", "web", "GET", "/", "--trace")
    assert (ours(up).start_ns, ours(up).duration_ns) == (1_795_435_200 * 10**9, 2_500_000)


def test_one_that_was_given_is_the_parent_of_ours(run: Run, up: FakeWorld) -> None:
    run("call", "web", "GET", "/", "-H", f"Traceparent: {GIVEN}", "--instance", "web-1", "--trace")
    _, trace_id, parent_id, _ = GIVEN.split("-")
    root = ours(up)
    assert (root.trace_id, root.parent_id) == (trace_id, parent_id)
    assert header(up.sent[0][1]) == f"00-{trace_id}-{root.span_id}-01"


def test_a_grpc_call_is_named_by_its_method(run: Run, up: FakeWorld) -> None:
    up.answer = lambda e, r: CallReply(e.service, e.instance, "grpc", "NOT_FOUND", False, 1.0, body="no user")
    text = (GOOD + COLLECTOR).replace("[{name: http,", "[{name: grpc, target: 50051, app_protocol: grpc}, {name: http,")
    Path("meshctl.yaml").write_text(text)
    assert run("up").code == 0
    up.stage.collector.sent.clear()
    assert run("call", "web", "demo.v1.Web/Get", "--instance", "web-1", "--trace").code == 1
    root = ours(up)
    assert (root.name, root.status, root.status_message) == ("demo.v1.Web/Get", SpanStatus.ERROR, "NOT_FOUND")
    assert (root.attributes["rpc.service"], root.attributes["rpc.method"]) == ("demo.v1.Web", "Get")


def test_as_json_the_trace_and_its_lines_are_part_of_the_one_document(run: Run, up: FakeWorld) -> None:
    answer = json.loads(run("call", "web", "GET", "/", "--instance", "web-1", "--trace", "--json").out)
    assert answer["body"] == {"hello": "web-1"} and answer["logs"] == []
    first, second = answer["trace"]["spans"]
    assert (first["service"], first["parent_id"], second["parent_id"]) == ("meshctl", "", first["span_id"])
    assert answer["trace"]["settled"] is True


def test_each_of_many_calls_has_a_trace_of_its_own(run: Run, up: FakeWorld) -> None:
    for words in (("--repeat", "2"), ("--instance", "all")):
        documents = json.loads(run("call", "web", "GET", "/", *words, "--trace", "--json").out)
        ids = [document["trace"]["trace_id"] for document in documents]
        assert len(set(ids)) == 2
    shown = run("call", "web", "GET", "/", "--instance", "all", "--trace")
    assert shown.out.count("2 spans") == 2


def test_those_of_all_instances_that_got_no_answer_keep_their_own(run: Run, up: FakeWorld) -> None:
    def refused(endpoint: Endpoint, request: CallRequest) -> CallReply:
        raise CallError(f"{endpoint.instance} refuses connections")

    up.answer = refused
    documents = json.loads(run("call", "web", "GET", "/", "--instance", "all", "--trace", "--json").out)
    told = [document["trace"]["spans"][0] for document in documents]
    assert [one["status_message"] for one in told] == ["web-1 refuses connections", "web-2 refuses connections"]
    assert told[0]["events"][0]["attributes"]["exception.message"] == "web-1 refuses connections"


def test_the_collector_is_found_in_the_list_the_call_reads_itself(run: Run, up: FakeWorld) -> None:
    engine = up.stage.engine
    before = engine.count()
    ports = next(c.ports for c in engine.containers() if c.service == "collector")
    run("call", "web", "GET", "/", "--trace")
    asked = engine.count() - before
    assert (asked["find"], asked["observe"]) == (1, 0)
    assert up.stage.collector.addresses == [ports["otlp-http"], ports["http"]]


def test_without_a_collector_the_answer_and_its_code_are_the_same_and_stderr_says_why(run: Run, up: FakeWorld) -> None:
    assert run("stop", "collector").code == 0
    answer = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert (answer.code, json.loads(answer.out)) == (0, {"hello": "web-1"})
    assert "note: the collector 'collector' is not running" in answer.err
    assert "meshctl start collector" in answer.err
    up.answer = lambda e, r: CallReply(e.service, e.instance, "http", 503, False, 1.0, body="busy")
    answer = run("call", "web", "GET", "/", "--repeat", "2", "--trace", "--json")
    assert (answer.code, [one["trace"] for one in json.loads(answer.out)]) == (1, [None, None])
    assert answer.err.count("is not running") == 1


def test_a_collector_that_does_not_answer_costs_only_the_trace(run: Run, up: FakeWorld) -> None:
    up.stage.collector.away = True
    answer = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert (answer.code, json.loads(answer.out)) == (0, {"hello": "web-1"})
    assert "note: the collector does not answer" in answer.err


def test_an_engine_that_is_lost_meanwhile_costs_only_the_log_lines(run: Run, up: FakeWorld) -> None:
    def answer(endpoint: Endpoint, request: CallRequest) -> CallReply:
        up.stage.engine.up = False
        return greet(endpoint, request)

    up.answer = answer
    answered = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert answered.code == 0
    assert "2 spans" in answered.out
    assert "note: no container engine answers" in answered.err


def test_a_service_that_sends_no_span_is_answered_with_a_hint(run: Run, up: FakeWorld) -> None:
    up.stage.collector.below = ()
    answer = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert (answer.code, json.loads(answer.out)) == (0, {"hello": "web-1"})
    assert "no span of 'web' has come" in answer.err and "OTEL_EXPORTER_OTLP_ENDPOINT" in answer.err
    quiet = run("call", "web", "GET", "/", "--instance", "web-1", "--trace", "-q")
    assert (quiet.code, quiet.err) == (0, "")


def test_a_trace_that_does_not_settle_is_shown_with_what_it_waits_for(run: Run, up: FakeWorld) -> None:
    up.stage.collector.settled = [False]
    answer = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert answer.code == 0
    assert "a consumer has not answered" in answer.out
    first, second = up.stage.collector.waits
    assert first == (pytest.approx(1.5, abs=0.2), 0.3) and second == (pytest.approx(8.5, abs=0.001), 0.3)


def test_a_request_without_an_answer_shows_what_it_caused_and_fails_as_ever(run: Run, up: FakeWorld) -> None:
    def never(endpoint: Endpoint, request: CallRequest) -> CallReply:
        raise CallTimeout("web-1 did not answer within 10 s")

    up.answer = never
    answer = run("call", "web", "GET", "/", "--instance", "web-1", "--trace")
    assert answer.code == 4
    assert "web-1 did not answer" in answer.err
    assert "2 spans" in answer.out and "1 error" in answer.out
    root = ours(up)
    assert (root.status, root.events[0].name) == (SpanStatus.ERROR, "exception")


# -- without --trace, our span is sent after the answer


def test_a_plain_call_leaves_no_trace_without_a_root(run: Run, up: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    collector, write = up.stage.collector, Output.flush
    send = collector.send
    monkeypatch.setattr(Output, "flush", lambda self: steps.append("flushed") or write(self))
    monkeypatch.setattr(collector, "send", lambda spans: steps.append("sent") or send(spans))
    assert run("call", "web", "GET", "/orders", "--instance", "web-1").code == 0
    assert steps[0] == "flushed" and steps[-1] == "sent"
    root = ours(up)
    assert header(up.sent[0][1]) == f"00-{root.trace_id}-{root.span_id}-01"


@pytest.mark.parametrize("words", [("--repeat", "2"), ("--instance", "all")])
def test_each_of_many_plain_calls_leaves_its_root(run: Run, up: FakeWorld, words: tuple[str, ...]) -> None:
    assert run("call", "web", "GET", "/", *words).code == 0
    roots = [f"00-{one.trace_id}-{one.span_id}-01" for one in up.stage.collector.sent]
    assert roots == [header(request) for _, request in up.sent] and len(roots) == 2
    assert up.stage.collector.waits == []


def test_roots_of_very_many_calls_are_sent_meanwhile(run: Run, up: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(up.stage.collector, "send", lambda spans: sizes.append(len(spans)))
    run("call", "web", "GET", "/", "--repeat", "120", "-q")
    assert sizes == [50, 50, 20]


@pytest.mark.parametrize(
    ("error", "code"), [(CallTimeout("web-1 did not answer"), 4), (CallError("web-1 refuses connections"), 1)]
)
@pytest.mark.parametrize("words", [(), ("--json",), ("--trace", "--json")])
def test_a_plain_call_that_fails_leaves_its_root(
    run: Run, up: FakeWorld, error: CallError, code: int, words: tuple[str, ...]
) -> None:
    def fail(endpoint: Endpoint, request: CallRequest) -> CallReply:
        raise error

    up.answer = fail
    answer = run("call", "web", "GET", "/", "--instance", "web-1", *words)
    assert (answer.code, answer.out) == (code, "")
    assert str(error) in answer.err
    assert (ours(up).status, ours(up).status_message) == (SpanStatus.ERROR, str(error))


def test_a_collector_that_takes_nothing_is_asked_once_and_nobody_hears_of_it(
    run: Run, up: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    def sender(address: str, timeout_s: float = 2.0) -> FakeCollector:
        limits.append(timeout_s)
        return up.stage.collector

    monkeypatch.setattr(up.stage.collector, "sender", sender)
    up.stage.collector.away = True
    answer = run("call", "web", "GET", "/", "--repeat", "120", "--instance", "web-1", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert limits == [REPORT_S]


def test_without_a_collector_that_runs_a_plain_call_is_as_ever(run: Run, up: FakeWorld) -> None:
    assert run("stop", "collector").code == 0
    answer = run("call", "web", "GET", "/", "--instance", "web-1")
    assert (answer.code, json.loads(answer.out)) == (0, {"hello": "web-1"})
    assert answer.err == "200 OK · web-1 · 2 ms\n"
