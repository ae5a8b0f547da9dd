"""An event loop whose time passes at once when there is nothing to do, so that waits are exact and take none."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any


class _SkippingSelector(selectors.DefaultSelector):
    """Adds up what the loop would have slept. Only for work without sockets and threads: nothing else can wake it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing would ever happen"
        self.now += max(0.0, timeout)
        return super().select(0)


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def virtually(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that is a coroutine, from the moment 0, whose seconds pass at once."""

    def run() -> None:
        with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
            runner.run(test())

    run.__name__ = test.__name__
    return run


def passed() -> float:
    """Seconds since the beginning."""
    return round(asyncio.get_running_loop().time(), 6)
