"""The bridge from blocking threads to the event loop: one result, a stream, and who is waited for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing

import pytest

from meshctl.errors import CollectorUnavailable, RuntimeUnavailable
from meshctl.threads import run_in_thread, stream_from_thread, tell_loop

WAIT_S = 20.0


async def in_thread(wait: Callable[[float], bool]) -> None:
    assert await asyncio.to_thread(wait, WAIT_S)


async def test_its_result_and_its_error_come_back() -> None:
    assert await run_in_thread(lambda: threading.current_thread() is not threading.main_thread())

    def fail() -> None:
        raise CollectorUnavailable("gone")

    with pytest.raises(CollectorUnavailable, match="gone"):
        await run_in_thread(fail)


def test_a_loop_that_ends_does_not_wait_for_work_that_hangs() -> None:
    go, ended = threading.Event(), threading.Event()

    def hang() -> None:
        go.wait(WAIT_S)
        ended.set()

    async def leave() -> None:
        working = asyncio.ensure_future(run_in_thread(hang))
        await asyncio.sleep(0)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    asyncio.run(leave())
    assert not ended.is_set()
    go.set()
    assert ended.wait(WAIT_S)


async def test_the_end_of_work_that_can_be_aborted_is_awaited() -> None:
    begun, aborted, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        aborted.wait(WAIT_S)
        ended.set()
        raise CollectorUnavailable("aborted")

    working = asyncio.ensure_future(run_in_thread(work, aborted.set))
    await in_thread(begun.wait)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert ended.is_set()


def test_a_loop_that_is_closed_is_told_nothing() -> None:
    loop, told = asyncio.new_event_loop(), []
    loop.close()
    tell_loop(loop, told.append, 1)
    assert told == []


async def test_a_thread_waits_for_a_slow_reader() -> None:
    produced: list[int] = []
    full = threading.Event()

    def read() -> Iterator[int]:
        for number in range(100):
            produced.append(number)
            if number == 6:
                full.set()
            yield number

    async with aclosing(stream_from_thread(read, lambda: None, limit=5)) as numbers:
        first = await anext(numbers)
        await in_thread(full.wait)
        assert len(produced) <= 12
        assert [first, *[n async for n in numbers]] == list(range(100))


async def test_of_the_latest_only_the_newest_is_kept() -> None:
    done = threading.Event()

    def read() -> Iterator[int]:
        yield from range(100)
        done.set()

    async with aclosing(stream_from_thread(read, lambda: None, limit=1, latest=True)) as numbers:
        first = await anext(numbers)
        await in_thread(done.wait)
        rest = [n async for n in numbers]
    assert first < 100
    assert rest[-1:] in ([99], []) and len(rest) <= 2


async def test_the_failure_of_a_thread_comes_after_its_items() -> None:
    def read() -> Iterator[int]:
        yield 1
        raise RuntimeUnavailable("gone")

    seen: list[int] = []
    with pytest.raises(RuntimeUnavailable, match="gone"):
        async for item in stream_from_thread(read, lambda: None):
            seen.append(item)
    assert seen == [1]


async def test_a_closed_stream_lets_its_thread_go() -> None:
    ended = threading.Event()

    def read() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    source = stream_from_thread(read, lambda: None, limit=3)
    await anext(source)
    await source.aclose()
    await in_thread(ended.wait)


async def test_a_stream_that_is_cancelled_cuts_the_read_under_way() -> None:
    cut, ended = threading.Event(), threading.Event()

    def read() -> Iterator[int]:
        yield 1
        cut.wait(WAIT_S)
        ended.set()
        raise OSError("cut")

    source = stream_from_thread(read, cut.set)
    assert await anext(source) == 1
    coming = asyncio.ensure_future(anext(source))
    await asyncio.sleep(0)
    coming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await coming
    await in_thread(ended.wait)
