"""Orders over HTTP: statuses and bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from stack.services.orders.app.api import errors, limits, orders

from tests.stack.orders_world import Store, World

ONE = {"user_id": 1, "items": [{"sku": "espresso", "quantity": 1}]}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.limiter = limits.limiter
    app.state.orders = Store(world)
    app.state.saga = world.saga()
    errors.install(app)
    app.include_router(orders.router)
    limits.limiter.reset()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders") as http:
        yield http


async def test_an_order(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders/", json=ONE)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": 1,
        "status": "confirmed",
        "user_id": 1,
        "items": [{"sku": "espresso", "quantity": 1, "unit_price": 2.5}],
        "total": 2.5,
        "created_at": "2026-01-02T03:04:05Z",
    }
    assert (await client.get("/orders/")).json() == [answer.json()]
    assert (await client.get("/orders/1")).json() == answer.json()


async def test_a_sku_named_twice_is_one_line(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders/", json={"user_id": 1, "items": ONE["items"] * 2})  # type: ignore[operator]
    assert [line["quantity"] for line in answer.json()["items"]] == [2]


@pytest.mark.parametrize(
    ("user_id", "sku", "quantity", "status", "body"),
    [
        (99, "espresso", 1, 404, {"detail": "user 99 does not exist"}),
        (1, "nosuch", 1, 404, {"detail": "no such item: nosuch", "unknown": ["nosuch"]}),
        (
            1,
            "croissant",
            2,
            409,
            {
                "detail": "not enough stock: croissant (asked for 2, 1 left)",
                "short": [{"sku": "croissant", "requested": 2, "available": 1}],
            },
        ),
    ],
)
async def test_refused(
    client: httpx.AsyncClient, user_id: int, sku: str, quantity: int, status: int, body: object
) -> None:
    order = {"user_id": user_id, "items": [{"sku": sku, "quantity": quantity}]}
    answer = await client.post("/orders/", json=order)
    assert (answer.status_code, answer.json()) == (status, body)
    assert (await client.get("/orders/")).json() == []


@pytest.mark.parametrize(
    "order",
    [
        {"user_id": 1, "items": []},
        {"user_id": 0, "items": ONE["items"]},
        {"user_id": 1, "items": [{"sku": "espresso", "quantity": 0}]},
        {"user_id": 1, "items": [{"sku": "No Such", "quantity": 1}]},
        {"user_id": 1, "items": ONE["items"], "more": 1},
    ],
)
async def test_malformed(client: httpx.AsyncClient, order: object) -> None:
    assert (await client.post("/orders/", json=order)).status_code == 422


async def test_inventory_away(client: httpx.AsyncClient, world: World) -> None:
    world.away.add("inventory")
    answer = await client.post("/orders/", json=ONE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["service"] == "inventory"


async def test_cancel(client: httpx.AsyncClient) -> None:
    await client.post("/orders/", json=ONE)
    for _ in range(2):
        answer = await client.post("/orders/1/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await client.post("/orders/2/cancel")).status_code == 404


async def test_same_key_same_order_counted_once(client: httpx.AsyncClient) -> None:
    before = REGISTRY.get_sample_value("order_total", {"status": "confirmed"}) or 0.0
    ids = [(await client.post("/orders/", json=ONE, headers={"Idempotency-Key": "k"})).json()["id"] for _ in range(2)]
    assert ids == [1, 1]
    assert REGISTRY.get_sample_value("order_total", {"status": "confirmed"}) == before + 1


async def test_rate_limit(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_RATE_LIMIT", "2/minute")
    statuses = [(await client.post("/orders/", json=ONE)).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    last = await client.post("/orders/", json=ONE)
    assert (last.json()["detail"], last.headers["retry-after"]) == (
        "too many orders from here: at most 2 per 1 minute",
        "60",
    )
