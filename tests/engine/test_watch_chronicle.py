"""What the feed says, and how later events reword it."""

from __future__ import annotations

import pytest

from meshctl.engine.watch.event_log import EventLog, exit_words
from meshctl.model.containers import ContainerState, RuntimeEvent
from meshctl.model.status import Health, InstanceStatus

NOW = 1000.0


def event(action: str, time: float = NOW, exit_code: int | None = None) -> RuntimeEvent:
    return RuntimeEvent(time, action, "c1", "orders", 1, exit_code)


def told(*events: RuntimeEvent) -> list[str]:
    chronicle = EventLog()
    for one in events:
        chronicle.heard(one)
    return [line.text for line in chronicle.lines]


def instance(health: Health, *reasons: str, state: ContainerState = ContainerState.RUNNING) -> InstanceStatus:
    return InstanceStatus("orders-1", "shop-orders-1", "c1", state, health, reasons, started_at=NOW - 2.1)


def turned(was: Health, now: InstanceStatus) -> list[str]:
    chronicle = EventLog()
    chronicle.judged({"orders-1": instance(was)}, [now], NOW)
    return [line.text for line in chronicle.lines]


@pytest.mark.parametrize(
    ("code", "oom", "words"),
    [
        (0, False, "exit 0"),
        (1, False, "exit 1"),
        (137, False, "exit 137, killed"),
        (137, True, "exit 137, out of memory"),
        (139, False, "exit 139, segmentation fault"),
        (None, False, "ended"),
    ],
)
def test_exit_words(code: int | None, oom: bool, words: str) -> None:
    assert exit_words(code, oom) == words


def test_a_start_rewords_the_death_before_it() -> None:
    """One line for both: what happened and why."""
    assert told(event("oom"), event("die", exit_code=137), event("start", NOW + 0.3)) == [
        "restarted: exit 137, out of memory"
    ]


def test_every_death_of_a_crash_loop_keeps_its_line() -> None:
    lines = told(event("die", NOW, 1), event("start", NOW + 1), event("die", NOW + 2, 1), event("start", NOW + 3))
    assert lines == ["restarted: exit 1", "restarted: exit 1"]


def test_a_start_long_after_a_death_is_a_start() -> None:
    assert told(event("die", NOW, 1), event("start", NOW + 600)) == ["exit 1", "started"]


def test_a_stop_is_not_a_death() -> None:
    chronicle = EventLog()
    for one in (event("kill"), event("die", exit_code=143), event("stop")):
        chronicle.heard(one)
    assert [(line.text, line.bad) for line in chronicle.lines] == [("stopped: exit 143, terminated", False)]


def test_a_restart_on_request_is_one_line() -> None:
    steps = [event("kill"), event("die", exit_code=0), event("stop"), event("start"), event("restart")]
    assert told(*steps) == ["restarted on request"]


def test_a_death_is_bad_and_names_its_instance() -> None:
    chronicle = EventLog()
    chronicle.heard(event("die", exit_code=1))
    (line,) = chronicle.lines
    assert (line.service, line.instance, line.bad) == ("orders", "orders-1", True)


def test_actions_without_a_word_are_passed_over() -> None:
    assert told(event("exec_start"), event("create"), event("kill")) == []


def test_steps_of_one_scaling_are_one_line() -> None:
    chronicle = EventLog()
    chronicle.counted({"orders": 1}, {"orders": 2}, NOW)
    chronicle.counted({"orders": 2}, {"orders": 3}, NOW + 1)
    assert [line.text for line in chronicle.lines] == ["scaled 1 → 3"]


def test_coming_up_and_going_away_is_no_scaling() -> None:
    chronicle = EventLog()
    chronicle.counted({}, {"orders": 2}, NOW)
    chronicle.counted({"orders": 2}, {}, NOW)
    assert chronicle.lines == ()


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        (Health.STARTING, instance(Health.HEALTHY), ["healthy after 2.1 s"]),
        (Health.UNHEALTHY, instance(Health.HEALTHY), ["healthy again"]),
        (Health.HEALTHY, instance(Health.DEGRADED, "consul critical"), ["degraded: consul critical"]),
        (Health.HEALTHY, instance(Health.CRASH_LOOP, "crash loop: 3 restarts"), ["crash loop: 3 restarts"]),
        (Health.UNKNOWN, instance(Health.HEALTHY), []),
        (Health.PAUSED, instance(Health.HEALTHY), []),
        (Health.HEALTHY, instance(Health.UNHEALTHY, "exited 1", state=ContainerState.EXITED), []),
    ],
)
def test_turns_of_health(was: Health, now: InstanceStatus, text: list[str]) -> None:
    assert turned(was, now) == text


def test_the_feed_is_bounded() -> None:
    chronicle = EventLog(keep=3)
    for second in range(10):
        chronicle.heard(event("pause", NOW + second))
    assert [line.time for line in chronicle.lines] == [NOW + 7, NOW + 8, NOW + 9]
