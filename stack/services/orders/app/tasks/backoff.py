"""How long to wait after failures."""

from __future__ import annotations


class Backoff:
    """`first_s`, twice that, … up to `longest_s`; calm again after `reset()`."""

    def __init__(self, *, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    @property
    def calm(self) -> bool:
        return self._failures == 0

    def next_s(self) -> float:
        wait = self._first_s * 2.0 ** min(self._failures, 32)
        self._failures += 1
        return min(wait, self._longest_s)

    def reset(self) -> None:
        self._failures = 0
