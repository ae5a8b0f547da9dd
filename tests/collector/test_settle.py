"""Waiting until a trace has settled, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from meshctl.collector.traces import settle
from meshctl.collector.traces.changes import TooManySubscribers
from meshctl.collector.traces.memory import TraceMemory
from meshctl.collector.traces.settle import SettleOptions, SettleWatch
from meshctl.core.traces.stored import Limits
from tests.collector.otlp import TRACE, body, span
from tests.virtual_time import passed, virtually

ROOT, CHILD = body(span(1)), body(span(2, 1))
Verdict = tuple[bool, str]


class Waiting:
    """A memory, and who waits for its trace; work that takes long is done on the spot."""

    def __init__(self, **limits: int) -> None:
        self.memory = TraceMemory(Limits(**limits))
        self.watch = SettleWatch(self.memory, self._run)
        self.looks = 0

    async def _run(self, work: Callable[[], Verdict]) -> Verdict:
        self.looks += 1
        return work()

    def settled(self, timeout_s: float, quiet_s: float = 0.1, root_id: str = "") -> Coroutine[Any, Any, Verdict]:
        return self.watch.settled(TRACE, SettleOptions(timeout_s, quiet_s, root_id))

    async def ingest_after(self, seconds: float, *bodies: bytes) -> None:
        for one in bodies:
            await asyncio.sleep(seconds)
            self.memory.ingest(one)


@virtually
async def test_a_settled_trace_is_given_after_its_quiet_time_and_then_at_once() -> None:
    waiting = Waiting()
    waiting.memory.ingest(ROOT)
    assert await waiting.settled(5, 0.2) == (True, "") and passed() == 0.2
    assert await waiting.settled(5, 0.2) == (True, "") and passed() == 0.2


@virtually
async def test_who_does_not_wait_hears_at_once_whether_it_has_settled() -> None:
    waiting = Waiting()
    waiting.memory.ingest(ROOT)
    assert await waiting.settled(0, 0.2) == (False, "")
    await asyncio.sleep(0.2)
    assert await waiting.settled(0, 0.2) == (True, "") and passed() == 0.2


@virtually
async def test_a_trace_that_does_not_exist_yet_is_waited_for() -> None:
    waiting = Waiting()
    async with asyncio.TaskGroup() as tasks:
        verdict = tasks.create_task(waiting.settled(5))
        tasks.create_task(waiting.ingest_after(1, ROOT))
    assert verdict.result() == (True, "") and passed() == 1.1


@virtually
async def test_a_trace_that_never_comes_is_given_up_at_the_deadline() -> None:
    assert await Waiting().settled(0.4) == (False, "") and passed() == 0.4


@virtually
async def test_a_trace_without_its_root_is_given_at_the_deadline_with_what_is_missing() -> None:
    waiting = Waiting()
    waiting.memory.ingest(CHILD)
    verdict = await waiting.settled(0.4)
    assert verdict == (False, "the root has not ended, 1 parent has not arrived") and passed() == 0.4


@virtually
async def test_the_part_that_was_missing_ends_the_waiting() -> None:
    waiting = Waiting()
    waiting.memory.ingest(CHILD)
    async with asyncio.TaskGroup() as tasks:
        verdict = tasks.create_task(waiting.settled(8))
        tasks.create_task(waiting.ingest_after(3, ROOT))
    assert verdict.result() == (True, "") and passed() == 3.1


@virtually
async def test_each_change_begins_the_quiet_time_anew_and_it_is_looked_at_only_after_it() -> None:
    waiting = Waiting()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(waiting.ingest_after(0.25, *(body(span(number)) for number in range(1, 9))))
        verdict = tasks.create_task(waiting.settled(8, 0.3))
    assert verdict.result() == (True, "") and passed() == 2.3
    assert waiting.looks == 2, "at the beginning, when nothing was known, and at the end"


@virtually
async def test_who_asks_stands_for_the_root_and_waits_for_what_it_has_caused() -> None:
    waiting, ours = Waiting(), f"{1:016x}"
    waiting.memory.ingest(body(span(1, 99)))
    assert await waiting.settled(0.3, 0.1, ours) == (False, "nothing has come of work 1")
    async with asyncio.TaskGroup() as tasks:
        verdict = tasks.create_task(waiting.settled(8, 0.1, ours))
        tasks.create_task(waiting.ingest_after(1, CHILD))
    assert verdict.result() == (True, "") and passed() == 1.4


@virtually
async def test_changes_of_other_traces_do_not_keep_a_trace_from_settling() -> None:
    waiting = Waiting()
    waiting.memory.ingest(ROOT)
    others = [body(span(1, trace=f"{number:032x}")) for number in range(1, 100)]
    busy = asyncio.create_task(waiting.ingest_after(0.01, *others))
    assert await waiting.settled(8, 0.2) == (True, "") and passed() == 0.2
    busy.cancel()


@virtually
async def test_a_trace_that_was_evicted_is_not_known_any_more() -> None:
    waiting = Waiting(traces=1)
    waiting.memory.ingest(ROOT)
    async with asyncio.TaskGroup() as tasks:
        verdict = tasks.create_task(waiting.settled(1, 0.5))
        tasks.create_task(waiting.ingest_after(0.25, body(span(1, trace="1" * 32))))
    assert verdict.result() == (False, "") and passed() == 1


@virtually
async def test_the_end_of_the_collector_ends_the_waiting() -> None:
    waiting = Waiting()
    waiting.memory.ingest(CHILD)
    verdict = asyncio.create_task(waiting.settled(60))
    await asyncio.sleep(1)
    waiting.watch.close()
    assert (await verdict)[0] is False and passed() == 1


@virtually
async def test_no_more_than_so_many_wait_at_once() -> None:
    waiting = Waiting()
    first = [asyncio.create_task(waiting.settled(1)) for _ in range(settle.MAX_WAITERS)]
    await asyncio.sleep(0.5)
    with pytest.raises(TooManySubscribers):
        await waiting.settled(1)
    assert await waiting.settled(0) == (False, ""), "who does not wait needs no place"
    await asyncio.gather(*first)
    assert await waiting.settled(1) == (False, ""), "places are given back"
