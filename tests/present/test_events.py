"""Events as sentences, and the feed as lines."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import Health, Reason, ReasonKind
from meshctl.present.events import event_lines, event_text, is_bad
from meshctl.present.lines import BAD, plain

FEED = [MeshEvent(EventKind.SCALED, float(n), "orders", "orders-1", before=0, after=n) for n in range(10)]


def event(kind: EventKind, **more: Any) -> MeshEvent:
    return MeshEvent(kind, 10.0, "orders", "orders-1", **more)


def broke(after: Health, reason: Reason | None) -> MeshEvent:
    return event(EventKind.BECAME_UNHEALTHY, after=after, reason=reason)


@pytest.mark.parametrize(
    ("seen", "text", "bad"),
    [
        (event(EventKind.STARTED), "started", False),
        (event(EventKind.DIED, exit_code=1), "exited 1", True),
        (event(EventKind.DIED, exit_code=143), "exited 143, terminated", False),
        (event(EventKind.DIED), "ended", True),
        (event(EventKind.RESTARTED, exit_code=137, oom=True), "restarted: exited 137, out of memory", True),
        (event(EventKind.RESTARTED_ON_REQUEST), "restarted on request", False),
        (event(EventKind.STOPPED, exit_code=0), "stopped: exited 0", False),
        (event(EventKind.STOPPED), "stopped", False),
        (event(EventKind.PAUSED), "paused", False),
        (event(EventKind.RESUMED), "resumed", False),
        (event(EventKind.REMOVED), "removed", False),
        (event(EventKind.SCALED, before=1, after=3), "scaled 1 → 3", False),
        (event(EventKind.BECAME_HEALTHY, since=7.9), "healthy after 2.1 s", False),
        (event(EventKind.BECAME_HEALTHY), "healthy", False),
        (event(EventKind.RECOVERED), "healthy again", False),
        (broke(Health.CRASH_LOOP, Reason(ReasonKind.CRASH_LOOP, count=3)), "crash loop: 3 restarts", True),
        (
            broke(Health.DEGRADED, Reason(ReasonKind.NOT_REGISTERED, source="reg")),
            "degraded: not registered in reg",
            True,
        ),
        (broke(Health.UNHEALTHY, None), "unhealthy", True),
        (
            event(EventKind.WATCH_FAILED, reason=Reason(ReasonKind.WATCH_BROKE, source="traces", detail="boom")),
            "watching traces failed, trying again: boom",
            True,
        ),
    ],
)
def test_every_event_has_a_sentence(seen: MeshEvent, text: str, bad: bool) -> None:
    assert (event_text(seen), is_bad(seen)) == (text, bad)


def texts(width: int, height: int) -> list[list[str]]:
    return [[w for w in plain(line).split("  ") if "scaled" in w] for line in event_lines(FEED, width, height)]


def test_newest_first() -> None:
    assert [t[0].strip() for t in texts(80, 3)] == ["scaled 0 → 9", "scaled 0 → 8", "scaled 0 → 7"]


def test_two_columns_where_there_is_room() -> None:
    assert [[w.strip() for w in t] for t in texts(130, 2)] == [
        ["scaled 0 → 9", "scaled 0 → 7"],
        ["scaled 0 → 8", "scaled 0 → 6"],
    ]


def test_one_column_while_all_fit() -> None:
    assert [len(t) for t in texts(130, 20)] == [1] * 10


def test_lines_keep_to_the_width() -> None:
    long = [broke(Health.DEGRADED, Reason(ReasonKind.NOT_REGISTERED, source="x" * 200))]
    (line,) = event_lines(long, 60, 3)
    assert len(plain(line)) <= 60 and "…" in plain(line)


def test_what_is_bad_is_toned() -> None:
    (line,) = event_lines([event(EventKind.DIED, exit_code=1)], 60, 3)
    assert BAD in [span.tone for span in line]


def test_an_empty_feed_says_so() -> None:
    assert "Nothing happened" in plain(event_lines([], 80, 4)[0])
    assert event_lines([], 80, 0) == []
