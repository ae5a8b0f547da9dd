"""Events as sentences, and the feed as lines."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import Health, Reason, ReasonKind
from meshctl.present.events import event_lines, event_text, event_tone
from meshctl.present.lines import BAD, WARN, plain

FEED = [MeshEvent(EventKind.SCALED, float(n), "orders", "orders-1", before=0, after=n) for n in range(10)]


def event(kind: EventKind, **more: Any) -> MeshEvent:
    return MeshEvent(kind, 10.0, "orders", "orders-1", **more)


def broke(after: Health, reason: Reason | None) -> MeshEvent:
    return event(EventKind.BECAME_UNHEALTHY, after=after, reason=reason)


@pytest.mark.parametrize(
    ("seen", "text", "tone"),
    [
        (event(EventKind.STARTED), "started", ""),
        (event(EventKind.DIED, exit_code=1), "exited 1", BAD),
        (event(EventKind.DIED, exit_code=143), "exited 143, terminated", ""),
        (event(EventKind.DIED), "ended", BAD),
        (event(EventKind.RESTARTED, exit_code=137, oom=True), "restarted: exited 137, out of memory", BAD),
        (event(EventKind.RESTARTED_ON_REQUEST), "restarted on request", ""),
        (event(EventKind.STOPPED, exit_code=0), "stopped: exited 0", ""),
        (event(EventKind.STOPPED), "stopped", ""),
        (event(EventKind.PAUSED), "paused", ""),
        (event(EventKind.RESUMED), "resumed", ""),
        (event(EventKind.REMOVED), "removed", ""),
        (event(EventKind.SCALED, before=1, after=3), "scaled 1 → 3", ""),
        (event(EventKind.BECAME_HEALTHY, since=7.9), "healthy after 2.1 s", ""),
        (event(EventKind.BECAME_HEALTHY), "healthy", ""),
        (event(EventKind.RECOVERED), "healthy again", ""),
        (broke(Health.CRASH_LOOP, Reason(ReasonKind.CRASH_LOOP, count=3)), "crash loop: 3 restarts", BAD),
        (
            broke(Health.DEGRADED, Reason(ReasonKind.NOT_REGISTERED, source="reg")),
            "degraded: not registered in reg",
            WARN,
        ),
        (broke(Health.UNHEALTHY, None), "unhealthy", BAD),
        (
            event(EventKind.WATCH_FAILED, reason=Reason(ReasonKind.WATCH_BROKE, source="traces", detail="boom")),
            "watching traces failed, trying again: boom",
            BAD,
        ),
    ],
)
def test_every_event_has_a_sentence(seen: MeshEvent, text: str, tone: str) -> None:
    assert (event_text(seen), event_tone(seen)) == (text, tone)


def texts(width: int, height: int) -> list[list[str]]:
    return [[w for w in plain(line).split("  ") if "scaled" in w] for line in event_lines(FEED, width, height)]


def test_newest_first() -> None:
    assert [t[0].strip() for t in texts(80, 3)] == ["scaled 0 → 9", "scaled 0 → 8", "scaled 0 → 7"]


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
