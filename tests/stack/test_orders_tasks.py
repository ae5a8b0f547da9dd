"""The loops beside the requests, and the database that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
from stack.services.orders.app.core.domain import Event
from stack.services.orders.app.core.errors import Unavailable
from stack.services.orders.app.db import outages
from stack.services.orders.app.db.compensations import LONGEST_WAIT_S, put_off
from stack.services.orders.app.tasks.backoff import Backoff
from stack.services.orders.app.tasks.compensator import Compensator
from stack.services.orders.app.tasks.loop import Loop
from stack.services.orders.app.tasks.relay import BATCH, Relay

from meshkit.tracing import current
from tests.stack.orders_world import Stock, World

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


def event(number: int) -> Event:
    return Event(f"order.created:{number}", "order.created", {"order_id": number}, HEADERS)


class Outbox:
    """Rows stay unless `publish` returned."""

    def __init__(self, *events: Event) -> None:
        self.events = list(events)

    async def drain(self, publish: Callable[[Sequence[Event]], Awaitable[None]], limit: int) -> int:
        taken = self.events[:limit]
        if taken:
            await publish(taken)
        self.events = self.events[limit:]
        return len(taken)


class Broker:
    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.published: list[str] = []
        self.traces: set[str] = set()

    async def ready(self) -> None:
        if self.refuses:
            raise ConnectionError("away")

    async def publish(self, event: Event) -> None:
        if self.refuses:
            raise ConnectionError("away")
        context = current()
        assert context is not None
        self.traces.add(context.trace_id)
        self.published.append(event.id)


async def test_events_leave_the_outbox_in_the_trace_of_their_order() -> None:
    outbox, broker = Outbox(event(1), event(2)), Broker()
    assert await Relay(outbox, broker).turn() is False
    assert (outbox.events, broker.published, broker.traces) == (
        [],
        ["order.created:1", "order.created:2"],
        {TRACE},
    )


async def test_a_full_batch_means_there_may_be_more() -> None:
    assert await Relay(Outbox(*map(event, range(BATCH))), Broker()).turn() is True


async def test_events_stay_while_the_broker_is_away() -> None:
    outbox = Outbox(event(1))
    with pytest.raises(ConnectionError):
        await Relay(outbox, Broker(refuses=True)).turn()
    assert outbox.events == [event(1)]


class Due:
    """One release that is due."""

    def __init__(self) -> None:
        self.put_off = 0
        self.due = ["r1"]

    async def next(self, release: Callable[[str, Mapping[str, str], int], Awaitable[None]]) -> bool | None:
        if not self.due:
            return None
        try:
            await release(self.due[0], HEADERS, self.put_off)
        except Unavailable:
            self.put_off += 1
            return False
        self.due.pop()
        return True


async def test_a_release_is_put_off_until_inventory_answers() -> None:
    world, due = World(away={"inventory"}, reserved={"r1": {"espresso": 2}}), Due()
    compensator = Compensator(due, Stock(world))
    assert await compensator.turn() is True
    assert (due.put_off, world.stock["espresso"]) == (1, 10)
    world.away.clear()
    assert await compensator.turn() is True
    assert (due.due, world.stock["espresso"]) == ([], 12)
    assert await compensator.turn() is False


def test_waits_double_up_to_a_limit() -> None:
    backoff = Backoff(first_s=0.25, longest_s=1.0)
    assert [backoff.next_s() for _ in range(4)] == [0.25, 0.5, 1.0, 1.0]
    assert not backoff.calm
    backoff.reset()
    assert backoff.next_s() == 0.25
    assert [put_off(n).seconds for n in (1, 2, 3, 4, 99)] == [1, 2, 4, LONGEST_WAIT_S, LONGEST_WAIT_S]


async def test_a_loop_works_when_woken() -> None:
    done: asyncio.Queue[None] = asyncio.Queue()

    async def work() -> bool:
        done.put_nowait(None)
        return False

    async with asyncio.timeout(10), Loop("work", work, idle_s=3600) as loop:
        await done.get()
        loop.wake()
        await done.get()


async def test_a_loop_survives_failures() -> None:
    outcomes = iter([ConnectionError("away"), None])
    recovered = asyncio.Event()

    async def work() -> bool:
        if (error := next(outcomes)) is not None:
            raise error
        recovered.set()
        return False

    async with asyncio.timeout(10), Loop("work", work, idle_s=3600):
        await recovered.wait()


async def test_a_silent_database_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if its driver takes its time when it is cancelled."""
    goodbye = asyncio.Event()

    @outages.answered
    async def silent() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await goodbye.wait()

    monkeypatch.setattr(outages, "ANSWERS_S", 0.0)
    with pytest.raises(Unavailable, match="database"):
        await silent()
    assert len(outages._given_up) == 1
    goodbye.set()
    await asyncio.gather(*outages._given_up)
    assert not outages._given_up
