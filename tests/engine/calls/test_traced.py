"""Calls under a span of ours: what is sent along, what is told of it, and how long its trace is waited for."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from meshctl.blocking import Offload, in_place, run_blocking
from meshctl.core.traces.settle import waits_for
from meshctl.engine.calls.directory import ALL, ServiceDirectory
from meshctl.engine.calls.traced import LiveCalls
from meshctl.errors import CallError, CallTimeout, CollectorUnavailable, UsageError
from meshctl.model.calls import CallOutcome, CallReply, CallRequest, Endpoint, SentCall
from meshctl.model.config import MeshConfig, ServiceSpec
from meshctl.model.containers import Container, ContainerState, LogLine
from meshctl.model.spans import Span, SpanKind, SpanStatus
from meshctl.model.traces import Trace
from meshctl.threads import run_in_thread
from tests.fakes.collectors import FakeCollector
from tests.spans import span

STEP = 0.01
CONFIG = MeshConfig("shop", "meshctl.yaml", {"web": ServiceSpec("web")}, collector="collector")
GET = CallRequest("web", "GET", "/orders")
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Coming(FakeCollector):
    """Spans arrive at their moment, seconds after the call; it waits as the real one does."""

    def __init__(self, *arrivals: tuple[float, Span]) -> None:
        super().__init__()
        self.arrivals = arrivals
        self.now = 0.0
        self.asked = 0

    def trace(self, trace_id: str, *, settle_s: float = 0.0, quiet_s: float = 0.3, root_id: str = "") -> Trace | None:
        self.asked += 1
        deadline = self.now + settle_s
        while True:
            here = [(at, one) for at, one in self.arrivals if at <= self.now]
            spans = tuple(one for _, one in here)
            waits = waits_for(spans, root_id) if spans else ""
            is_quiet = bool(here) and self.now - max(at for at, _ in here) >= quiet_s - STEP / 2
            settled = is_quiet and not waits
            if settled or self.now >= deadline:
                return Trace(trace_id, spans, settled, waits) if spans else None
            self.now += STEP


class Stub:
    """A caller: answers, or raises, and keeps what it was sent."""

    def __init__(self, answer: Callable[[], CallReply] | None = None) -> None:
        self.answer = answer or (lambda: reply())
        self.sent: list[CallRequest] = []
        self.aborted = threading.Event()

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        self.sent.append(request)
        return replace(self.answer(), instance=endpoint.instance)

    def abort(self) -> None:
        self.aborted.set()


def reply(**changes: object) -> CallReply:
    return replace(CallReply("web", "", "http", 200, True, 2.5), **changes)  # type: ignore[arg-type]


def running(service: str, number: int) -> Container:
    names = ("http", "otlp-http")
    ports = {name: f"{service}:{number}{at}" for at, name in enumerate(names)}
    here = ContainerState.RUNNING
    return Container(f"{service}{number}", f"shop-{service}-{number}", service, number, here, ports=ports)


CONTAINERS = [running("collector", 1), running("web", 1), running("web", 2)]


async def find(service: str) -> Sequence[Container]:
    return [one for one in CONTAINERS if service in ("", one.service)]


async def one_line(containers: Sequence[Container], word: str, since: float, most: int) -> Sequence[LogLine]:
    return [LogLine(containers[-1].service, "web-2", since, "stdout", word)]


def calls(collector: FakeCollector, caller: Stub | None = None, offload: Offload = in_place) -> LiveCalls:
    def no_registry(address: str) -> FakeCollector:
        raise AssertionError("no registry is in the file")

    stub = caller or Stub()
    directory = ServiceDirectory(CONFIG, find, no_registry, offload)  # type: ignore[arg-type]
    return LiveCalls(directory, lambda _: stub, collector, one_line, offload)


def failing(error: BaseException) -> Stub:
    def fail() -> CallReply:
        raise error

    return Stub(fail)


def traceparent(caller: Stub) -> str:
    (request,) = caller.sent
    (value,) = (value for name, value in request.headers if name.lower() == "traceparent")
    return value


# -- what goes along, and what is told of it


def test_a_request_goes_below_a_new_sampled_span_that_stands_for_it() -> None:
    caller = Stub(lambda: reply(began_ns=7_000, elapsed_ms=2.5))
    sent = run_blocking(calls(FakeCollector(), caller).send(GET))
    ours = sent.span
    assert re.fullmatch(f"00-{ours.trace_id}-{ours.span_id}-01", traceparent(caller))
    assert (ours.parent_id, ours.name, ours.kind) == ("", "GET /orders", SpanKind.CLIENT)
    assert (ours.start_ns, ours.duration_ns) == (7_000, 2_500_000)
    assert sent.reply is not None and sent.error is None
    assert (sent.reply.trace_id, sent.reply.instance) == (ours.trace_id, sent.endpoint.instance)


def test_a_traceparent_that_was_given_is_the_parent_of_ours() -> None:
    caller = Stub()
    given = (("Traceparent", f" 00-{TRACE}-{PARENT}-00 "), ("X-A", "1"))
    ours = run_blocking(calls(FakeCollector(), caller).send(replace(GET, headers=given))).span
    assert (ours.trace_id, ours.parent_id) == (TRACE, PARENT)
    assert traceparent(caller) == f"00-{TRACE}-{ours.span_id}-01"
    assert ("X-A", "1") in caller.sent[0].headers


@pytest.mark.parametrize(
    "wrong", [f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{PARENT}-01", "x", TRACE]
)
def test_one_that_is_not_valid_is_sent_as_it_was_given(wrong: str) -> None:
    caller = Stub()
    sent = run_blocking(calls(FakeCollector(), caller).send(replace(GET, headers=(("traceparent", wrong),))))
    assert traceparent(caller) == wrong
    assert sent.reply is not None and sent.reply.trace_id == ""
    assert sent.span.trace_id != TRACE and sent.span.parent_id == ""


def test_one_of_the_endpoints_is_asked_or_with_all_each() -> None:
    called = calls(FakeCollector())
    assert {run_blocking(called.send(GET)).endpoint.instance for _ in range(60)} == {"web-1", "web-2"}
    assert [one.instance for one in run_blocking(called.targets(replace(GET, instance=ALL)))] == ["web-1", "web-2"]


def test_a_request_without_an_answer_is_told_with_its_error() -> None:
    sent = run_blocking(calls(FakeCollector(), failing(CallTimeout("no answer"))).send(GET))
    assert isinstance(sent.error, CallTimeout) and sent.reply is None
    assert (sent.span.status, sent.span.events[0].name) == (SpanStatus.ERROR, "exception")


# -- report


def test_spans_that_nobody_traced_are_reported_at_once_and_only_once() -> None:
    collector = FakeCollector()
    called = calls(collector)
    spans = [run_blocking(called.send(GET)).span for _ in range(2)]
    run_blocking(called.report())
    assert collector.sent == spans
    run_blocking(called.report())
    assert collector.sent == spans


def test_what_was_traced_is_not_reported_again() -> None:
    collector = FakeCollector()
    called = calls(collector)
    run_blocking(called.call(GET))
    run_blocking(called.report())
    assert len(collector.sent) == 1


def test_a_request_that_was_given_up_is_reported_as_failed() -> None:
    collector = FakeCollector()
    called = calls(collector, failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_blocking(called.send(GET))
    run_blocking(called.report())
    (ours,) = collector.sent
    assert (ours.status, ours.status_message) == (SpanStatus.ERROR, "the answer was not waited for")


def test_what_was_never_sent_is_not_reported() -> None:
    collector = FakeCollector()
    called = calls(collector, failing(UsageError("HTTP cannot carry this")))
    with pytest.raises(UsageError):
        run_blocking(called.send(GET))
    with pytest.raises(UsageError):
        run_blocking(called.send(replace(GET, service="absent")))
    run_blocking(called.report())
    assert collector.sent == []


def test_a_collector_that_is_away_takes_no_report_and_what_is_lost_is_lost() -> None:
    collector = FakeCollector()
    collector.away = True
    called = calls(collector)
    run_blocking(called.send(GET))
    with pytest.raises(CollectorUnavailable):
        run_blocking(called.report())
    collector.away = False
    run_blocking(called.report())
    assert collector.sent == []


# -- with an event loop


async def test_with_an_event_loop_the_same_call_runs_beside_it() -> None:
    collector = FakeCollector()
    collector.below = (span(2, 0, "web", "GET /orders", kind=SpanKind.SERVER),)
    outcome = await calls(collector, offload=run_in_thread).call(GET)
    assert outcome.answered and outcome.trace is not None and len(outcome.trace.spans) == 2
    assert [line.text for line in outcome.logs] == [outcome.sent.span.trace_id]


async def test_cancelling_a_call_aborts_it_and_it_is_still_reported() -> None:
    collector, under_way = FakeCollector(), threading.Event()
    caller = Stub()

    def wait() -> CallReply:
        under_way.set()
        caller.aborted.wait(5)
        raise CallError("closed")

    caller.answer = wait
    called = calls(collector, caller, run_in_thread)
    task = asyncio.create_task(called.send(GET))
    assert await asyncio.to_thread(under_way.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caller.aborted.is_set()
    await called.report()
    assert [one.status for one in collector.sent] == [SpanStatus.ERROR]


# -- how long a trace is waited for, on a collector whose answers take the time of a fake clock

OURS = span(1, 0, "meshctl")
BELOW = replace(OURS, parent_id="f" * 16)


def caused(collector: FakeCollector, ours: Span, error: CallError | None = None) -> CallOutcome:
    endpoint = Endpoint("web", "web-1", "web:1")
    return run_blocking(calls(collector).caused(SentCall(endpoint, ours, None if error else reply(), error)))


def wait(ours: Span, *arrivals: tuple[float, Span], error: CallError | None = None) -> tuple[Trace | None, float, int]:
    """The trace, the seconds it took, and how often the collector was asked."""
    collector = Coming((0.0, ours), *arrivals)
    return caused(collector, ours, error).trace, collector.now, collector.asked


@pytest.mark.parametrize("ours", [OURS, BELOW], ids=["a trace of its own", "below the person's span"])
def test_a_trace_is_there_300_ms_after_its_last_span(ours: Span) -> None:
    found, took, _ = wait(ours, (0.05, span(3, 2)), (0.2, span(2, 1)))
    assert found is not None and found.settled and len(found.spans) == 3
    assert found.waits_for == ""
    assert took == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("at", [0.35, 0.9, 1.4])
def test_a_service_that_exports_late_is_waited_for_although_our_span_alone_looks_settled(at: float) -> None:
    found, took, _ = wait(OURS, (at, span(2, 1)))
    assert found is not None and found.settled and len(found.spans) == 2
    assert took == pytest.approx(at + 0.3, abs=0.02)


@pytest.mark.parametrize("ours", [OURS, BELOW], ids=["a trace of its own", "below the person's span"])
def test_a_silent_service_costs_a_second_and_a_half_and_one_question(ours: Span) -> None:
    found, took, asked = wait(ours)
    assert found is not None and found.spans == (ours,)
    assert took == pytest.approx(1.5, abs=0.02)
    assert asked == 1


def test_one_that_cannot_have_sent_a_span_is_not_waited_for() -> None:
    found, took, _ = wait(OURS, error=CallError("refused"))
    assert found is not None and found.spans == (OURS,)
    assert took == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("ours", [OURS, BELOW], ids=["a trace of its own", "below the person's span"])
def test_what_never_settles_is_shown_after_ten_seconds_with_what_is_missing(ours: Span) -> None:
    found, took, _ = wait(ours, (0.1, span(2, 1)), (0.1, span(4, 3)))
    assert found is not None and not found.settled and len(found.spans) == 3
    assert "has not arrived" in found.waits_for or "have not arrived" in found.waits_for
    assert took == pytest.approx(10.0, abs=0.02)


def test_a_message_is_waited_for_until_it_was_consumed() -> None:
    sent = span(2, 1, kind=SpanKind.PRODUCER)
    taken = span(3, 2, "worker", kind=SpanKind.CONSUMER)
    found, took, _ = wait(OURS, (0.1, sent), (3.0, taken))
    assert found is not None and found.settled and len(found.spans) == 3
    assert took == pytest.approx(3.3, abs=0.02)


def test_other_calls_below_the_same_parent_do_not_hold_it_up() -> None:
    other = replace(span(7, 0, "meshctl"), parent_id="f" * 16)
    found, took, _ = wait(BELOW, (0.0, other), (0.1, span(2, 1)), (0.1, span(8, 7)))
    assert found is not None and found.settled and found.waits_for == ""
    assert took == pytest.approx(0.4, abs=0.02)


def test_a_trace_the_collector_does_not_know_is_none() -> None:
    collector = Coming()
    assert caused(collector, OURS) == CallOutcome(SentCall(Endpoint("web", "web-1", "web:1"), OURS, reply()))
    assert collector.now == pytest.approx(1.5, abs=0.02)
