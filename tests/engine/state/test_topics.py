"""What each topic tells of a change: no more than what changed, and nothing of what did not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshctl.engine.state.events import EventsChange
from meshctl.engine.state.links import Source
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.topic import Reader
from meshctl.engine.state.traces import TraceListChange
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import ProbeResult, Usage
from meshctl.model.traces import CollectorStatus, TraceChanges, TraceSummary
from tests.fakes.world import FakeClock
from tests.spans import summary
from tests.tui.states import service

CLOCK = FakeClock()


@pytest.fixture
def state() -> MeshState:
    return MeshState(CLOCK)


def told(reader: Reader) -> Any:
    """The change set of the reader's only topic; None when it was not woken."""
    return next(iter(reader.take().values()), None)


def test_services_that_changed_came_or_went_are_named(state: MeshState) -> None:
    state.services.set((service("orders"), service("users"), service("echo")), 1.0)
    reader = Reader(state.services)
    state.services.set((service("orders"), service("users", count=2), service("redis")), 2.0)
    assert told(reader) == {"users", "echo", "redis"}


def test_that_the_runtime_answered_again_wakes_nobody_and_is_known(state: MeshState) -> None:
    state.services.set((service("orders"),), 1.0)
    reader = Reader(state.services)
    state.services.set((service("orders"),), 2.0)
    assert (told(reader), state.services.value.observed_at) == (None, 2.0)


def test_the_first_answer_is_told_even_of_an_empty_project(state: MeshState) -> None:
    reader = Reader(state.services)
    state.services.set((), 1.0)
    assert told(reader) == frozenset()


def test_how_long_a_probe_took_is_no_change(state: MeshState) -> None:
    """It differs at every probe; who looks sees the last one."""
    status = service("orders")
    slower = replace(status.instances[0], probe=ProbeResult(True, "connection refused", 9.0))
    state.services.set((status,), 1.0)
    reader = Reader(state.services)
    state.services.set((replace(status, instances=(slower,)),), 1.0)
    assert told(reader) is None
    (known,) = state.services.value.services
    assert known.instances[0].probe is not None and known.instances[0].probe.elapsed_s == 9.0


def test_a_sample_of_one_service_wakes_only_who_shows_usage(state: MeshState) -> None:
    state.usage.set({"orders": Usage((0.1,), 1), "users": Usage((0.2,), 2)})
    usage, services = Reader(state.usage), Reader(state.services)
    state.usage.set({"orders": Usage((0.1, 0.3), 1), "users": Usage((0.2,), 2)})
    assert (told(usage), told(services)) == ({"orders"}, None)
    state.usage.set({"orders": Usage((0.1, 0.3), 1)})
    assert told(usage) == {"users"}


def test_a_link_keeps_its_place_and_since_when_it_is_so(state: MeshState) -> None:
    clock = FakeClock(start=100.0)
    state = MeshState(clock)
    state.links.up(Source.COLLECTOR, "collector", "1 trace")
    state.links.up(Source.RUNTIME, "docker", "20.10")
    clock.advance(5)
    state.links.up(Source.COLLECTOR, "collector", "2 traces")
    reader = Reader(state.links)
    state.links.up(Source.COLLECTOR, "collector", "2 traces")
    assert told(reader) is None
    state.links.lost(Source.RUNTIME, "", "refused")
    assert told(reader) == {"docker"}
    assert [(link.name, link.up, link.since) for link in state.links.value] == [
        ("docker", False, 105.0),
        ("collector", True, 100.0),
    ]


def test_changes_of_events_are_joined(state: MeshState) -> None:
    one, two = (MeshEvent(EventKind.STARTED, time, "orders") for time in (1.0, 2.0))
    reader = Reader(state.events)
    state.events.publish((one,), EventsChange((one,)))
    state.events.publish((one, two), EventsChange((two,)))
    assert told(reader) == EventsChange((one, two))
    state.events.publish((two,), EventsChange(reworded=True))
    state.events.publish((two, one), EventsChange((one,)))
    assert told(reader) == EventsChange(reworded=True)


def rows(*numbers: int) -> tuple[TraceSummary, ...]:
    return tuple(summary(number, at=float(number)) for number in numbers)


def ids(*numbers: int) -> frozenset[str]:
    return frozenset(summary(number).trace_id for number in numbers)


def test_changes_of_traces_are_joined(state: MeshState) -> None:
    state.traces.replace(rows(1, 2, 3))
    reader = Reader(state.traces)
    state.traces.apply(TraceChanges(rows(4, 5), tuple(ids(1))))
    state.traces.apply(TraceChanges(rows(1), tuple(ids(4))))
    assert told(reader) == TraceListChange(ids(1, 5), ids(4))
    assert [row.trace_id for row in state.traces.value.rows] == [row.trace_id for row in rows(5, 3, 2, 1)]


def test_a_list_read_anew_is_a_reset(state: MeshState) -> None:
    reader = Reader(state.traces)
    state.traces.replace(rows(1))
    state.traces.apply(TraceChanges(rows(2)))
    assert told(reader) == TraceListChange(reset=True)


def test_a_heartbeat_of_the_collector_wakes_nobody(state: MeshState) -> None:
    status = CollectorStatus(traces=3)
    state.traces.apply(TraceChanges(status=status))
    reader = Reader(state.traces)
    state.traces.apply(TraceChanges(status=status))
    assert told(reader) is None
    state.traces.apply(TraceChanges(status=CollectorStatus(traces=4)))
    assert told(reader) == TraceListChange()


def test_rows_are_never_compared(state: MeshState, monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 of them, many times a second, would cost more than all else."""

    def compared(*_: object) -> bool:
        raise AssertionError("rows were compared")

    state.traces.replace(rows(*range(100)))
    monkeypatch.setattr(TraceSummary, "__eq__", compared)
    state.traces.apply(TraceChanges(rows(200)))
    assert len(state.traces.value.rows) == 101
