"""What a process that does little but keep small pieces of large messages asks of the interpreter and of libc."""

from __future__ import annotations

import ctypes
import gc

_MB = 1024 * 1024

#: ``mallopt`` of glibc: M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD.
_MALLOC = ((-1, 64 * _MB), (-2, 16 * _MB), (-3, 32 * _MB))


def tune() -> None:
    """For the whole process, once, before the first message."""
    _collect_seldom()
    _keep_pages()


def _collect_seldom() -> None:
    """Traces are many objects without cycles: looking through all of them for garbage stalls senders."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _keep_pages() -> None:
    """Memory of one message serves the next: giving its pages back each time costs more than reading it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in _MALLOC:
            mallopt(option, value)
