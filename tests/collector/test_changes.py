"""The stream of changes, in virtual time, and what one subscriber is told."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, aclosing

import pytest

from meshctl.collector.serve.changes import HEARTBEAT_S, PACE_S, lines
from meshctl.collector.serve.context import QueryContext
from meshctl.collector.traces.changes import MAX_CHANGES, MAX_STREAMS, Batch, Subscriber, TooManySubscribers
from meshctl.collector.traces.memory import TraceMemory
from tests.collector.otlp import TRACE, body, span
from tests.virtual_time import passed, virtually


def ids(count: int) -> list[str]:
    return [f"{number:032x}" for number in range(1, count + 1)]


def test_a_subscriber_is_told_the_last_state_of_each_trace() -> None:
    subscriber = Subscriber()
    subscriber.add(["a", "b"], [])
    subscriber.add([], ["a"])
    subscriber.add(["c"], ["c"])
    assert subscriber.drain() == Batch(("b", "c"), ("a",))
    assert subscriber.drain() == Batch() and not subscriber.event.is_set()


def test_more_than_a_message_may_tell_is_a_reset() -> None:
    subscriber = Subscriber()
    subscriber.add(ids(MAX_CHANGES), [])
    subscriber.add(["one more"], [])
    subscriber.add(["and more"], [])
    assert subscriber.drain() == Batch(reset=True)
    subscriber.add(["a"], [])
    assert subscriber.drain() == Batch(("a",))


@virtually
async def test_the_stream_begins_with_the_status_and_then_tells_what_changes() -> None:
    context = QueryContext(TraceMemory())
    async with aclosing(lines(context)) as stream:
        first = json.loads(await anext(stream))
        assert (first["changed"], first["removed"], first["status"]["received"]) == ([], [], 0)
        context.memory.ingest(body(span(1)))
        second = json.loads(await anext(stream))
        assert [summary["trace_id"] for summary in second["changed"]] == [TRACE]
        assert second["status"]["received"] == 1 and passed() == 0
        context.memory.pin(TRACE, True)
        assert json.loads(await anext(stream))["changed"][0]["pinned"] and passed() == PACE_S


@virtually
async def test_many_changes_come_in_few_messages() -> None:
    context = QueryContext(TraceMemory())

    async def change() -> None:
        for trace_id in ids(100):
            context.memory.ingest(body(span(1, trace=trace_id)))
            await asyncio.sleep(PACE_S / 10)
        context.close()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(change())
        messages = [json.loads(line) async for line in lines(context)]
    assert {summary["trace_id"] for message in messages for summary in message["changed"]} == set(ids(100))
    assert len(messages) <= 12


@virtually
async def test_a_quiet_stream_beats_until_the_collector_ends() -> None:
    context = QueryContext(TraceMemory())
    asyncio.get_running_loop().call_later(3 * HEARTBEAT_S - 1, context.close)
    beats = [(json.loads(line)["changed"], passed()) async for line in lines(context)]
    assert beats == [([], 0), ([], HEARTBEAT_S), ([], 2 * HEARTBEAT_S)]
    assert passed() == 3 * HEARTBEAT_S - 1


@virtually
async def test_no_more_than_so_many_subscribe_at_once() -> None:
    changes = QueryContext(TraceMemory()).changes
    with ExitStack() as last:
        with ExitStack() as streams:
            last.enter_context(changes.subscribed())
            for _ in range(MAX_STREAMS - 1):
                streams.enter_context(changes.subscribed())
            with pytest.raises(TooManySubscribers), changes.subscribed():
                pass
        with changes.subscribed():
            pass
