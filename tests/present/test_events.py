"""The feed as lines."""

from __future__ import annotations

from meshctl.model.status import Happening
from meshctl.present.events import event_lines
from meshctl.present.lines import BAD, plain

FEED = [Happening(float(n), "orders", f"event {n}", instance="orders-1") for n in range(10)]


def texts(width: int, height: int) -> list[list[str]]:
    return [[w for w in plain(line).split("  ") if "event" in w] for line in event_lines(FEED, width, height)]


def test_newest_first() -> None:
    assert [t[0].strip() for t in texts(80, 3)] == ["event 9", "event 8", "event 7"]


def test_two_columns_where_there_is_room() -> None:
    assert [[w.strip() for w in t] for t in texts(130, 2)] == [["event 9", "event 7"], ["event 8", "event 6"]]


def test_one_column_while_all_fit() -> None:
    assert [len(t) for t in texts(130, 20)] == [1] * 10


def test_lines_keep_to_the_width() -> None:
    long = [Happening(0.0, "orders", "x" * 200)]
    (line,) = event_lines(long, 60, 3)
    assert len(plain(line)) <= 60 and "…" in plain(line)


def test_what_is_bad_is_toned() -> None:
    (line,) = event_lines([Happening(0.0, "orders", "exit 1", bad=True)], 60, 3)
    assert BAD in [span.tone for span in line]


def test_an_empty_feed_says_so() -> None:
    assert "Nothing happened" in plain(event_lines([], 80, 4)[0])
    assert event_lines([], 80, 0) == []
