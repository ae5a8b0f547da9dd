"""How long a traced call waits for its trace, on a collector whose answers take the time of a fake clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from meshctl.core.traces.settle import waits_for
from meshctl.engine.settling import settled_trace
from meshctl.model.traces import Span, SpanKind, Trace
from meshctl.ports.telemetry import TraceReader
from tests.fakes.collectors import FakeCollector
from tests.spans import span

STEP = 0.01


@dataclass
class Coming(FakeCollector):
    """Spans arrive at their moment, seconds after the call; it waits as the real one does."""

    arrivals: Sequence[tuple[float, Span]]
    now: float = 0.0
    asked: int = field(default=0)

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


OURS = span(1, 0, "meshctl")
BELOW = replace(OURS, parent_id="f" * 16)


def wait(ours: Span, *arrivals: tuple[float, Span], first_s: float = 1.5) -> tuple[Trace | None, float, int]:
    """The trace, the seconds it took, and how often the collector was asked."""
    collector = Coming([(0.0, ours), *arrivals])
    reader: TraceReader = collector
    found = settled_trace(reader, ours, first_s)
    return found, collector.now, collector.asked


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
    found, took, _ = wait(OURS, first_s=0.3)
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
    collector = Coming([])
    assert settled_trace(collector, OURS, 1.5) is None
    assert collector.now == pytest.approx(1.5, abs=0.02)
