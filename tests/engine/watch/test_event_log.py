"""What happened, as the feed has it, and how later events take the place of earlier ones."""

from __future__ import annotations

import pytest

from meshctl.engine.state.events import EventsChange, EventsTopic
from meshctl.engine.state.topic import Reader
from meshctl.engine.watch.event_log import KEEP, RESTART_S, EventLog
from meshctl.model.containers import ContainerState, RuntimeEvent
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import Health, InstanceStatus, Reason, ReasonKind
from meshctl.present.events import event_text
from tests.fakes.world import FakeClock

NOW = 1000.0


def event(action: str, time: float = NOW, exit_code: int | None = None) -> RuntimeEvent:
    return RuntimeEvent(time, action, "c1", "orders", 1, exit_code)


class Feed(EventLog):
    """A log and its topic."""

    def __init__(self, keep: int = KEEP) -> None:
        self.topic = EventsTopic(FakeClock())
        super().__init__(self.topic, keep)

    @property
    def events(self) -> tuple[MeshEvent, ...]:
        return self.topic.value


def told(*events: RuntimeEvent) -> list[tuple[EventKind, int | None]]:
    feed = Feed()
    for one in events:
        feed.heard(one)
    return [(event.kind, event.exit_code) for event in feed.events]


def instance(health: Health, *reasons: Reason, state: ContainerState = ContainerState.RUNNING) -> InstanceStatus:
    return InstanceStatus("orders-1", "shop-orders-1", "c1", state, health, reasons, started_at=NOW - 2.1)


def test_a_start_rewords_the_death_before_it() -> None:
    """One line for both: what happened and why."""
    feed = Feed()
    for one in (event("oom"), event("die", exit_code=137), event("start", NOW + 0.3)):
        feed.heard(one)
    (seen,) = feed.events
    assert (seen.kind, seen.time, seen.exit_code, seen.oom) == (EventKind.RESTARTED, NOW + 0.3, 137, True)


def test_every_death_of_a_crash_loop_keeps_its_line() -> None:
    lines = told(event("die", NOW, 1), event("start", NOW + 1), event("die", NOW + 2, 1), event("start", NOW + 3))
    assert lines == [(EventKind.RESTARTED, 1)] * 2


def test_a_start_long_after_a_death_is_a_start() -> None:
    assert told(event("die", NOW, 1), event("start", NOW + 600)) == [
        (EventKind.DIED, 1),
        (EventKind.STARTED, None),
    ]


def test_a_stop_is_not_a_death() -> None:
    assert told(event("kill"), event("die", exit_code=143), event("stop")) == [(EventKind.STOPPED, 143)]


def test_a_stop_that_had_to_be_forced_knows_when_it_was_asked_for() -> None:
    feed = Feed()
    for one in (event("kill"), event("kill", NOW + 2), event("die", NOW + 2, 137), event("stop", NOW + 2)):
        feed.heard(one)
    (seen,) = feed.events
    assert (seen.kind, seen.exit_code, seen.since) == (EventKind.STOPPED, 137, NOW)
    assert event_text(seen) == "stopped, killed after 2 s"


def test_what_a_stop_does_to_health_is_not_told_before_it() -> None:
    """A service that ends takes itself out of the registry first."""
    feed = Feed()
    well, gone = instance(Health.HEALTHY), instance(Health.DEGRADED, CHECK)
    feed.heard(event("kill"))
    feed.judged({"orders-1": well}, [gone], NOW + 0.1)
    assert feed.events == ()
    feed.heard(event("die", NOW + 0.2, 0))
    feed.judged({"orders-1": gone}, [instance(Health.UNHEALTHY)], NOW + 0.2)
    feed.heard(event("stop", NOW + 0.2))
    feed.heard(event("start", NOW + 5))
    feed.judged({"orders-1": well}, [gone], NOW + 90)
    assert [one.kind for one in feed.events] == [EventKind.STOPPED, EventKind.STARTED, EventKind.BECAME_UNHEALTHY]


def test_a_signal_that_ends_nothing_hides_nothing_for_long() -> None:
    feed = Feed()
    well, gone = instance(Health.HEALTHY), instance(Health.DEGRADED, CHECK)
    feed.heard(event("kill"))
    feed.judged({"orders-1": well}, [gone], NOW + 1)
    feed.judged({"orders-1": gone}, [well], NOW + 2)
    assert feed.events == ()
    feed.judged({"orders-1": well}, [gone], NOW + 3)
    feed.judged({"orders-1": gone}, [gone], NOW + RESTART_S + 1)
    assert [one.kind for one in feed.events] == [EventKind.BECAME_UNHEALTHY]


def test_a_restart_on_request_is_one_line() -> None:
    steps = [event("kill"), event("die", exit_code=0), event("stop"), event("start"), event("restart")]
    assert told(*steps) == [(EventKind.RESTARTED_ON_REQUEST, None)]


def test_a_death_names_its_instance() -> None:
    feed = Feed()
    feed.heard(event("die", exit_code=1))
    assert feed.events == (MeshEvent(EventKind.DIED, NOW, "orders", "orders-1", exit_code=1),)


def test_actions_without_a_word_are_passed_over() -> None:
    assert told(event("exec_start"), event("create"), event("kill")) == []


def test_steps_of_one_scaling_are_one_line() -> None:
    feed = Feed()
    feed.counted({"orders": 1}, {"orders": 2}, NOW)
    feed.counted({"orders": 2}, {"orders": 3}, NOW + 1)
    assert feed.events == (MeshEvent(EventKind.SCALED, NOW + 1, "orders", before=1, after=3),)


def test_coming_up_and_going_away_is_no_scaling() -> None:
    feed = Feed()
    feed.counted({}, {"orders": 2}, NOW)
    feed.counted({"orders": 2}, {}, NOW)
    assert feed.events == ()


CHECK = Reason(ReasonKind.NOT_REGISTERED, source="consul")
LOOP = Reason(ReasonKind.CRASH_LOOP, count=3)


@pytest.mark.parametrize(
    ("was", "now", "kind", "more"),
    [
        (Health.STARTING, instance(Health.HEALTHY), EventKind.BECAME_HEALTHY, NOW - 2.1),
        (Health.UNHEALTHY, instance(Health.HEALTHY), EventKind.RECOVERED, None),
        (Health.HEALTHY, instance(Health.DEGRADED, CHECK), EventKind.BECAME_UNHEALTHY, CHECK),
        (Health.HEALTHY, instance(Health.CRASH_LOOP, LOOP), EventKind.BECAME_UNHEALTHY, LOOP),
    ],
)
def test_turns_of_health(was: Health, now: InstanceStatus, kind: EventKind, more: Reason | float | None) -> None:
    feed = Feed()
    feed.judged({"orders-1": instance(was)}, [now], NOW)
    (event,) = feed.events
    assert (event.kind, event.before, event.after) == (kind, was, now.health)
    assert more in (event.since, event.reason)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (Health.UNKNOWN, instance(Health.HEALTHY)),
        (Health.PAUSED, instance(Health.HEALTHY)),
        (Health.HEALTHY, instance(Health.UNHEALTHY, state=ContainerState.EXITED)),
    ],
)
def test_turns_that_say_nothing_new(was: Health, now: InstanceStatus) -> None:
    feed = Feed()
    feed.judged({"orders-1": instance(was)}, [now], NOW)
    assert feed.events == ()


def test_a_reader_is_told_what_came_or_that_the_feed_reads_otherwise() -> None:
    """A death that was told as one becomes a restart: only then is the whole feed read again."""
    feed = Feed(keep=2)
    reader = Reader(feed.topic)
    for second in range(3):
        feed.heard(event("pause", NOW + second))
    change = reader.take()[feed.topic]
    assert (len(change.added), change.reworded) == (3, False)
    feed.heard(event("die", NOW + 3, 1))
    reader.take()
    feed.heard(event("start", NOW + 4))
    assert reader.take() == {feed.topic: EventsChange(reworded=True)}


def test_a_watcher_that_broke_is_an_event() -> None:
    feed = Feed()
    feed.watch_failed("containers", ValueError(), NOW)
    (event,) = feed.events
    assert event.kind is EventKind.WATCH_FAILED
    assert event.reason == Reason(ReasonKind.WATCH_BROKE, source="containers", detail="ValueError")


def test_the_feed_is_bounded() -> None:
    feed = Feed(keep=3)
    for second in range(10):
        feed.heard(event("pause", NOW + second))
    assert [line.time for line in feed.events] == [NOW + 7, NOW + 8, NOW + 9]
