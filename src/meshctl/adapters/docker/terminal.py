"""This process's terminal while a command inside a container owns it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def raw_input(enabled: bool) -> Iterator[None]:
    """Every key goes to the command, also those typed ahead; what was set before comes back at the end."""
    if not enabled or not os.isatty(0):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


@contextlib.contextmanager
def size_changes(enabled: bool, tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` in the event loop whenever the terminal's size changes."""
    if not enabled or not os.isatty(1):
        yield
        return
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGWINCH, tell)
    except (RuntimeError, ValueError, NotImplementedError):  # not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
