"""What remains of an order when each of its steps fails."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stack.services.orders.app.core.domain import Request
from stack.services.orders.app.core.errors import (
    KeyReused,
    OutOfStock,
    Unavailable,
    UnknownItems,
    UnknownOrder,
    UnknownUser,
)
from stack.services.orders.app.core.ports import Lapsed

from tests.stack.orders_world import Store, World

TWO = Request(1, {"espresso": 2})


async def test_an_order_is_confirmed_and_published() -> None:
    world = World()
    order, new = await world.saga().place(TWO)
    assert (order.status, order.total, new) == ("confirmed", Decimal("5.00"), True)
    assert world.stock["espresso"] == 8
    assert (world.intents, world.told) == ({}, ["publish"])


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request(99, {"espresso": 1}), UnknownUser),
        (Request(1, {"nosuch": 1}), UnknownItems),
        (Request(1, {"espresso": 1, "croissant": 2}), OutOfStock),
    ],
)
async def test_a_refused_order_leaves_nothing(request_: Request, error: type[Exception]) -> None:
    world = World()
    with pytest.raises(error):
        await world.saga().place(request_)
    assert (world.stored, world.reserved, world.intents, world.told) == ([], {}, {}, [])


async def test_users_away_reserves_nothing() -> None:
    world = World(away={"users"})
    with pytest.raises(Unavailable, match="users"):
        await world.saga().place(TWO)
    assert (world.reserved, world.intents) == ({}, {})


@pytest.mark.parametrize("late", [False, True])
async def test_a_reservation_without_an_answer_is_released(late: bool) -> None:
    """Whether it happened is not known, so its release is due at once."""
    world = World(away={"inventory"}, late=late)
    with pytest.raises(Unavailable, match="inventory"):
        await world.saga().place(TWO)
    assert (world.stored, world.intents, world.told) == ([], {"r1": "now"}, ["compensate"])


async def test_an_order_that_cannot_be_stored_is_released() -> None:
    world = World(away={"confirm"})
    with pytest.raises(Unavailable):
        await world.saga().place(TWO)
    assert (world.stored, world.intents, world.told) == ([], {"r1": "now"}, ["compensate"])


async def test_without_a_database_nothing_is_reserved() -> None:
    world = World(away={"database"})
    with pytest.raises(Unavailable, match="database"):
        await world.saga().place(TWO)
    assert (world.reserved, world.stock["espresso"]) == ({}, 10)


async def test_a_release_that_cannot_be_marked_stays_intended(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(away={"confirm"})

    async def compensate(_: Store, __: str) -> None:
        raise Unavailable("database")

    monkeypatch.setattr(Store, "compensate", compensate)
    with pytest.raises(Unavailable):
        await world.saga().place(TWO)
    assert (world.intents, world.told) == ({"r1": "later"}, [])


async def test_a_reservation_whose_release_has_begun_is_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def confirm(_: Store, __: object) -> None:
        raise Lapsed

    monkeypatch.setattr(Store, "confirm", confirm)
    with pytest.raises(Unavailable):
        await world.saga().place(TWO)
    assert world.stored == []


async def test_the_same_key_is_the_same_order() -> None:
    world, request = World(), Request(1, {"espresso": 2}, "k")
    saga = world.saga()
    first, _ = await saga.place(request)
    assert await saga.place(request) == (first, False)
    assert world.stock["espresso"] == 8


async def test_a_key_is_for_one_order_only() -> None:
    saga = World().saga()
    await saga.place(Request(1, {"espresso": 2}, "k"))
    with pytest.raises(KeyReused):
        await saga.place(Request(1, {"espresso": 3}, "k"))


async def test_of_two_at_once_with_one_key_the_slower_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find no order with the key; the second learns of the first when it stores its own."""
    world, request = World(), Request(1, {"espresso": 2}, "k")
    saga = world.saga()
    first, _ = await saga.place(request)
    found = iter([None, first])

    async def by_key(_: Store, __: str) -> object:
        return next(found)

    monkeypatch.setattr(Store, "by_key", by_key)
    assert await saga.place(request) == (first, False)
    assert (world.intents, len(world.stored)) == ({"r2": "now"}, 1)


async def test_cancelling_gives_back_once() -> None:
    world = World()
    saga = world.saga()
    order, _ = await saga.place(TWO)
    cancelled, changed = await saga.cancel(order.id)
    assert (cancelled.status, changed, world.intents) == ("cancelled", True, {"r1": "now"})
    assert await saga.cancel(order.id) == (cancelled, False)
    assert world.told == ["publish", "compensate", "publish"]


async def test_cancelling_an_unknown_order() -> None:
    with pytest.raises(UnknownOrder, match="order 7 does not exist"):
        await World().saga().cancel(7)
