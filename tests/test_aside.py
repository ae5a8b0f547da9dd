"""Blocking work in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from meshctl.errors import CollectorUnavailable
from meshctl.threads import run_in_thread


async def test_its_result_and_its_error_come_back() -> None:
    assert await run_in_thread(lambda: threading.current_thread() is not threading.main_thread())

    def fail() -> None:
        raise CollectorUnavailable("gone")

    with pytest.raises(CollectorUnavailable, match="gone"):
        await run_in_thread(fail)


def test_a_loop_that_ends_does_not_wait_for_work_that_hangs() -> None:
    go, ended = threading.Event(), threading.Event()

    def hang() -> None:
        go.wait(20)
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
    assert ended.wait(20)
