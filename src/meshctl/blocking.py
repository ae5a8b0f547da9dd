"""Blocking work of coroutines, and coroutines without an event loop: for a short command, whose ports only block."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Offload(Protocol):
    """Runs blocking work: in a thread beside the event loop, or right here where there is none.

    ``abort``, callable from any thread, makes the work fail; it is called when whoever waits is cancelled.
    """

    def __call__(self, work: Callable[[], T], abort: Callable[[], None] | None = None) -> Coroutine[Any, Any, T]: ...


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine none of whose ports suspends. Raises what it raises."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("a port of this coroutine waits for an event loop, and there is none")


async def in_place(work: Callable[[], T], abort: Callable[[], None] | None = None) -> T:
    """The ``Offload`` of a process that has nothing else to do meanwhile: here and now."""
    return work()
