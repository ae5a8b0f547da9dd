"""One writer, readers that miss nothing and are told at a bearable pace."""

from __future__ import annotations

import asyncio

import pytest

from meshctl.engine.state.topic import NOTIFY_INTERVAL_S, Reader, Topic, both
from tests.fakes.world import FakeClock

Names = Topic[str, frozenset[str]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def topic(clock: FakeClock) -> Names:
    return Topic("", clock, both)


def publish(topic: Names, value: str) -> None:
    topic.publish(value, frozenset(value))


async def test_what_changes_before_anybody_waits_is_handed_over(topic: Names) -> None:
    reader = Reader(topic)
    publish(topic, "a")
    assert await reader.next() == {topic: {"a"}}
    assert topic.value == "a"


async def test_the_first_change_after_a_quiet_time_comes_at_once(topic: Names, clock: FakeClock) -> None:
    waiting = asyncio.create_task(Reader(topic).next())
    await asyncio.sleep(0)
    publish(topic, "a")
    await waiting
    assert clock.monotonic() == 0.0


async def test_a_burst_is_handed_over_as_one(topic: Names, clock: FakeClock) -> None:
    reader = Reader(topic)
    publish(topic, "a")
    await reader.next()
    publish(topic, "b")
    publish(topic, "c")
    assert await reader.next() == {topic: {"b", "c"}}
    assert clock.monotonic() == pytest.approx(NOTIFY_INTERVAL_S)


async def test_what_changes_while_a_reader_is_held_back_is_handed_over(topic: Names) -> None:
    reader = Reader(topic)
    publish(topic, "a")
    await reader.next()
    publish(topic, "b")
    held = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    publish(topic, "c")
    assert await held == {topic: {"b", "c"}}


async def test_a_value_without_a_change_wakes_nobody(topic: Names) -> None:
    reader = Reader(topic)
    topic.publish("quiet", None)
    assert reader.take() == {}
    assert topic.value == "quiet"


async def test_readers_do_not_disturb_each_other(topic: Names) -> None:
    one, other = Reader(topic), Reader(topic)
    publish(topic, "a")
    await one.next()
    assert await other.next() == {topic: {"a"}}


async def test_a_closed_reader_is_left_alone(topic: Names) -> None:
    reader = Reader(topic)
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    reader.close()
    reader.close()
    publish(topic, "a")
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_reader_of_several_topics_is_woken_by_these_alone(clock: FakeClock) -> None:
    shown, also, other = (Topic("", clock, both) for _ in range(3))
    reader = Reader(shown, also)
    waiting = asyncio.create_task(reader.next())
    publish(other, "x")
    await asyncio.sleep(0)
    assert not waiting.done()
    publish(shown, "a")
    publish(also, "b")
    assert await waiting == {shown: {"a"}, also: {"b"}}
    publish(also, "c")
    assert await reader.next() == {also: {"c"}}
