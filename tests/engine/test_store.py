"""One writer, readers that miss nothing and are told at a bearable pace."""

from __future__ import annotations

import asyncio

import pytest

from meshctl.engine.store import NOTIFY_INTERVAL_S, MeshStore
from tests.fakes.world import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MeshStore:
    return MeshStore("shop", clock)


async def test_nothing_is_missed_between_snapshot_and_subscription(store: MeshStore) -> None:
    """A change right after subscribing is handed over, though nobody waited yet."""
    reader = store.subscribe()
    store.update(observed_at=1.0)
    assert reader.snapshot.observed_at is None
    assert (await reader.next()).observed_at == 1.0


async def test_the_first_change_after_a_quiet_time_comes_at_once(store: MeshStore, clock: FakeClock) -> None:
    reader = store.subscribe()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    store.update(observed_at=1.0)
    await waiting
    assert clock.monotonic() == 0.0


async def test_a_burst_is_handed_over_as_one(store: MeshStore, clock: FakeClock) -> None:
    reader = store.subscribe()
    store.update(observed_at=1.0)
    await reader.next()
    store.update(observed_at=2.0)
    store.update(observed_at=3.0)
    assert (await reader.next()).observed_at == 3.0
    assert clock.monotonic() == pytest.approx(NOTIFY_INTERVAL_S)


async def test_what_changes_while_a_reader_is_held_back_is_in_its_state(store: MeshStore) -> None:
    reader = store.subscribe()
    store.update(observed_at=1.0)
    await reader.next()
    store.update(observed_at=2.0)
    held = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    store.update(observed_at=3.0)
    assert (await held).observed_at == 3.0


async def test_equal_values_wake_nobody(store: MeshStore) -> None:
    store.update(observed_at=1.0)
    revision = store.state.revision
    assert not store.update(observed_at=1.0)
    assert store.state.revision == revision


async def test_readers_do_not_disturb_each_other(store: MeshStore) -> None:
    one, other = store.subscribe(), store.subscribe()
    store.update(observed_at=1.0)
    await one.next()
    assert (await other.next()).observed_at == 1.0


async def test_a_closed_reader_is_left_alone(store: MeshStore) -> None:
    reader = store.subscribe()
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    reader.close()
    store.update(observed_at=1.0)
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
