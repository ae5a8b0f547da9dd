"""Ctrl-C, SIGTERM and SIGHUP, for what has something to clean up. Everything else they end at once, by the signal."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

#: A second signal within this many seconds is the same wish; a later one ends the process at once.
SAME_WISH_S = 1.0
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(act: Callable[[], object]) -> Iterator[None]:
    """Inside of the block the first signal calls ``act``, in the main thread. What is ignored stays ignored."""
    if current_thread() is not main_thread():
        yield  # whoever runs us there handles signals
        return
    first: list[float] = []

    def heed(number: int, frame: FrameType | None) -> None:
        if not first:
            first.append(time.monotonic())
            act()
        elif time.monotonic() - first[0] > SAME_WISH_S:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    before = {number: signal.getsignal(number) for number in _NUMBERS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, heed)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt() -> None:
    """Break off what blocks. Where Python cannot raise (a finaliser) it would print a traceback and go on."""
    sys.unraisablehook = _unraisable
    raise KeyboardInterrupt


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    if isinstance(lost.exc_value, KeyboardInterrupt):
        os._exit(130)
    sys.__unraisablehook__(lost)
