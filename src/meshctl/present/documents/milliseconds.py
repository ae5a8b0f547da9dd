"""Durations as documents give them: milliseconds with three places."""

from __future__ import annotations

_NS = 1_000_000


def to_ms(nanoseconds: float) -> float:
    return round(nanoseconds / _NS, 3)


def to_ns(milliseconds: float) -> int:
    return round(milliseconds * _NS)


def apart(before_ns: int, after_ns: int, change_ns: int) -> tuple[int, int]:
    """Two durations that were rounded, nudged so that their difference rounds to this one; it may be one step off."""
    off = change_ns - (after_ns - before_ns)
    nudge = 400 * ((off > 0) - (off < 0))
    return before_ns - nudge, after_ns + nudge
