"""Durations and sizes."""

from __future__ import annotations

import pytest

from meshctl.core.config.durations import byte_size, duration, positive_duration, written
from meshctl.core.config.problems import Wrong


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("500ms", 0.5), ("1m30s", 90.0), ("1h", 3600.0), ("1.5s", 1.5), ("0s", 0.0), ("0", 0.0), (0, 0.0)],
)
def test_durations(text: object, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


def test_microseconds() -> None:
    assert duration("250us") == duration("250µs") == pytest.approx(0.00025)


@pytest.mark.parametrize("text", ["", "s", "1", 1, 2.5, "1 s", "-1s", "1x", "s1", "1s2", True, None, [], {}, "9" * 99])
def test_no_durations(text: object) -> None:
    with pytest.raises(Wrong, match="expected a duration"):
        duration(text)


def test_a_bare_number_is_answered_with_its_unit() -> None:
    with pytest.raises(Wrong) as caught:
        duration(5)
    assert caught.value.hint == "Give it a unit: 5s."


def test_zero_is_no_interval() -> None:
    with pytest.raises(Wrong, match="above zero"):
        positive_duration("0s")


@pytest.mark.parametrize("text", ["1s", "500ms", "90s", "0s", "1500ms", "0.25ms"])
def test_written_durations_read_the_same(text: str) -> None:
    assert written(duration(text)) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1024, 1024),
        ("1024", 1024),
        ("64b", 64),
        ("1k", 1024),
        ("1kb", 1024),
        ("512m", 512 << 20),
        ("512MB", 512 << 20),
        ("1.5g", 3 << 29),
        ("2GiB", 2 << 30),
    ],
)
def test_sizes(text: object, size: int) -> None:
    assert byte_size(text) == size


@pytest.mark.parametrize("text", ["", "m", "1x", "-1m", True, None, [], "1m m"])
def test_no_sizes(text: object) -> None:
    with pytest.raises(Wrong, match="expected a size"):
        byte_size(text)
