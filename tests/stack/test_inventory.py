"""inventory: its rules, then reservations on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from stack.services.inventory.app.config import Config
from stack.services.inventory.app.errors import Short, UnknownSkus, shortages
from stack.services.inventory.app.main import create_app
from stack.services.inventory.app.schemas import Basket, Item

from meshkit.db import migrate

SERVICE_DIR = Path(__file__).resolve().parents[2] / "stack/services/inventory"


def lines(**quantities: int) -> list[dict[str, Any]]:
    return [{"sku": sku.replace("_", "-"), "quantity": count} for sku, count in quantities.items()]


def test_an_item_that_is_named_twice_counts_with_the_sum() -> None:
    basket = Basket.model_validate({"items": [*lines(espresso=2, croissant=1), *lines(espresso=3)]})
    assert basket.quantities() == {"espresso": 5, "croissant": 1}


@pytest.mark.parametrize(
    "items",
    [[], [{"sku": "espresso", "quantity": 0}], [{"sku": "No Sku", "quantity": 1}], [{"sku": "espresso"}]],
)
def test_a_wrong_basket_is_refused(items: list[object]) -> None:
    with pytest.raises(ValidationError):
        Basket.model_validate({"items": items})


def test_a_price_is_a_number_with_two_decimals() -> None:
    item = Item.model_validate({"sku": "mocha", "name": "Mocha", "unit_price": 4.2})
    assert item.model_dump_json() == '{"sku":"mocha","name":"Mocha","unit_price":4.2,"stock":0}'
    with pytest.raises(ValidationError):
        Item.model_validate({"sku": "mocha", "name": "Mocha", "unit_price": "4.205"})


def test_shortages_are_told_by_sku() -> None:
    assert shortages({"b": 2, "a": 9}, {"a": 1, "b": 2}) == [Short("a", 9, 1)]


def test_unknown_items_come_before_shortages() -> None:
    with pytest.raises(UnknownSkus) as caught:
        shortages({"z": 1, "y": 1, "a": 9}, {"a": 1})
    assert caught.value.skus == ["y", "z"]


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inventory")


async def test_without_a_database_it_says_so(free_port: int) -> None:
    url = f"postgresql+psycopg://inventory:inventory@127.0.0.1:{free_port}/inventory"
    async with client_of(create_app(Config(url))) as client:
        assert (await client.get("/health")).status_code == 503
        answer = await client.post("/reserve", json={"reservation_id": "r", "items": lines(espresso=1)})
        assert (answer.status_code, answer.json()["detail"]) == (503, "the database does not answer")


@pytest.fixture
async def client(postgres: Callable[[str], str]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Config(postgres("inventory")))
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


async def stock(client: httpx.AsyncClient, sku: str) -> int:
    return int((await client.get(f"/items/{sku}")).json()["stock"])


async def reserve(client: httpx.AsyncClient, name: str, **quantities: int) -> httpx.Response:
    return await client.post("/reserve", json={"reservation_id": name, "items": lines(**quantities)})


async def new_item(client: httpx.AsyncClient, sku: str, count: int) -> None:
    item = {"sku": sku, "name": sku.title(), "unit_price": 2.5, "stock": count}
    assert (await client.post("/items/", json=item)).status_code == 201


@pytest.mark.docker
async def test_replicas_may_start_at_once(postgres: Callable[[str], str], client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(migrate(SERVICE_DIR, postgres("inventory")) for _ in range(3)))
    items = {item["sku"]: item for item in (await client.get("/items/")).json()}
    assert items["espresso"] == {"sku": "espresso", "name": "Espresso", "unit_price": 2.5, "stock": 100}
    assert "croissant" in items


@pytest.mark.docker
async def test_items_are_added_once_and_restocked(client: httpx.AsyncClient) -> None:
    await new_item(client, "mocha", 4)
    again = {"sku": "mocha", "name": "Mocha", "unit_price": 1}
    assert (await client.post("/items/", json=again)).status_code == 409
    restocked = await client.post("/items/mocha/restock", json={"quantity": 6})
    assert (restocked.status_code, restocked.json()["stock"]) == (200, 10)
    assert (await client.post("/items/none/restock", json={"quantity": 6})).status_code == 404


@pytest.mark.docker
async def test_a_reservation_is_made_once_and_released_once(client: httpx.AsyncClient) -> None:
    await new_item(client, "tea", 10)
    first = await reserve(client, "once", tea=3)
    assert first.status_code == 201
    assert first.json() == {
        "reservation_id": "once",
        "items": [{"sku": "tea", "quantity": 3, "unit_price": 2.5}],
    }
    again = await reserve(client, "once", tea=3)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await reserve(client, "once", tea=4)).status_code == 409
    assert await stock(client, "tea") == 7
    answers = [await client.post("/release", json={"reservation_id": "once"}) for _ in range(2)]
    assert [answer.json()["released"] for answer in answers] == [True, False]
    assert await stock(client, "tea") == 10
    assert (await reserve(client, "once", tea=3)).status_code == 409


@pytest.mark.docker
async def test_all_is_reserved_or_nothing(client: httpx.AsyncClient) -> None:
    await new_item(client, "plenty", 10)
    await new_item(client, "scarce", 1)
    short = await reserve(client, "greedy", plenty=2, scarce=5)
    assert short.status_code == 409
    assert short.json()["short"] == [{"sku": "scarce", "requested": 5, "available": 1}]
    unknown = await reserve(client, "greedy", plenty=2, nothing=1)
    assert (unknown.status_code, unknown.json()["unknown"]) == (404, ["nothing"])
    assert await stock(client, "plenty") == 10
    assert (await reserve(client, "greedy", plenty=2, scarce=1)).status_code == 201


@pytest.mark.docker
async def test_a_release_that_overtakes_its_reservation_wins(client: httpx.AsyncClient) -> None:
    answer = await client.post("/release", json={"reservation_id": "overtaken"})
    assert (answer.status_code, answer.json()["released"]) == (200, False)
    assert (await reserve(client, "overtaken", espresso=1)).status_code == 409


@pytest.mark.docker
async def test_a_check_sets_nothing_aside(client: httpx.AsyncClient) -> None:
    await new_item(client, "cake", 2)
    answer = await client.post("/check", json={"items": lines(cake=3)})
    assert answer.json() == {
        "available": False,
        "items": [{"sku": "cake", "requested": 3, "available": 2}],
    }
    assert (await client.post("/check", json={"items": lines(cake=2)})).json()["available"] is True
    assert (await client.post("/check", json={"items": lines(none=1)})).status_code == 404
    assert await stock(client, "cake") == 2


@pytest.mark.docker
async def test_nothing_is_sold_twice_however_many_ask(client: httpx.AsyncClient) -> None:
    await new_item(client, "left", 7)
    await new_item(client, "right", 7)
    asked = [
        reserve(client, f"crowd-{n}", **({"left": 1, "right": 1} if n % 2 else {"right": 1, "left": 1}))
        for n in range(12)
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert (statuses.count(201), statuses.count(409)) == (7, 5)
    assert (await stock(client, "left"), await stock(client, "right")) == (0, 0)


@pytest.mark.docker
async def test_the_same_reservation_at_the_same_time_is_made_once(client: httpx.AsyncClient) -> None:
    await new_item(client, "single", 5)
    answers = await asyncio.gather(*(reserve(client, "twin", single=2) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert await stock(client, "single") == 3
