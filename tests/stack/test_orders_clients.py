"""What orders makes of inventory's and users' answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import grpc
import httpx
import pytest
from stack.services.orders.app.clients.inventory import HttpInventory
from stack.services.orders.app.clients.users import GrpcUsers
from stack.services.orders.app.core.domain import Customer, Line
from stack.services.orders.app.core.errors import OutOfStock, Shortage, Unavailable, UnknownItems, UnknownUser
from tenacity import wait_none

from mesh_protos.users.v1.users_pb2 import User
from meshkit import FixedDirectory, HttpClient, UpstreamUnavailable
from meshkit.breakers import breakers
from meshkit.clients import resilience


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(resilience, "_BACKOFF", wait_none())
    yield
    breakers.clear()


def inventory(status: int, body: object, seen: list[httpx.Request] | None = None) -> HttpInventory:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body)

    directory = FixedDirectory({"inventory": ["http://inventory"]})
    transport = httpx.MockTransport(answer)
    return HttpInventory(HttpClient("inventory", attempts=2, directory=directory, transport=transport))


async def test_reserve_sends_the_reference_and_reads_the_prices() -> None:
    seen: list[httpx.Request] = []
    body = {"reservation_id": "r", "items": [{"sku": "espresso", "quantity": 2, "unit_price": 2.5}]}
    lines = await inventory(201, body, seen).reserve("r", {"espresso": 2})
    assert lines == (Line("espresso", 2, Decimal("2.5")),)
    assert json.loads(seen[0].content) == {
        "reservation_id": "r",
        "items": [{"sku": "espresso", "quantity": 2}],
    }


async def test_too_little_stock() -> None:
    body = {"detail": "…", "short": [{"sku": "espresso", "requested": 9, "available": 1}]}
    with pytest.raises(OutOfStock) as caught:
        await inventory(409, body).reserve("r", {"espresso": 9})
    assert caught.value.short == (Shortage("espresso", 9, 1),)


async def test_unknown_items() -> None:
    with pytest.raises(UnknownItems, match="no such item: tea"):
        await inventory(404, {"detail": "…", "unknown": ["tea"]}).reserve("r", {"tea": 1})


@pytest.mark.parametrize("status", [404, 409, 422, 500, 503])
async def test_any_other_refusal_leaves_the_reservation_unknown(status: int) -> None:
    with pytest.raises(Unavailable, match="inventory"):
        await inventory(status, {"detail": "…"}).reserve("r", {"espresso": 1})


async def test_an_unavailable_inventory_is_asked_twice() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(Unavailable):
        await inventory(503, {}, seen).release("r")
    assert len(seen) == 2


class Client:
    """A GrpcClient with one answer."""

    def __init__(self, answer: User | Exception) -> None:
        self.answer = answer

    async def call(self, method: str, request: object, *, timeout_s: float) -> User:
        assert method == "GetUser"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def users(answer: User | Exception) -> GrpcUsers:
    return GrpcUsers(Client(answer), 1.0)  # type: ignore[arg-type]


def refusal(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), None, None)


async def test_a_user() -> None:
    found = await users(User(id=1, name="Ada", email="ada@example.com")).get(1)
    assert found == Customer(1, "Ada", "ada@example.com")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(grpc.StatusCode.NOT_FOUND), UnknownUser),
        (refusal(grpc.StatusCode.UNIMPLEMENTED), Unavailable),
        (UpstreamUnavailable("users", "no healthy instance"), Unavailable),
    ],
)
async def test_no_user(answer: Exception, error: type[Exception]) -> None:
    with pytest.raises(error):
        await users(answer).get(99)
