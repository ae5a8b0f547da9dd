"""Notifications: events in, mails queued once, answers out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from stack.services.notifications.app import api, events
from stack.services.notifications.app.domain import SENT, Notification
from stack.services.notifications.app.handler import ATTEMPTS, Handler, Outcome
from stack.services.notifications.app.notifier import Notifier
from stack.services.notifications.app.ports import Unavailable
from stack.services.notifications.app.store import from_hash, to_hash

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVENT = {
    "order_id": 7,
    "user_id": 1,
    "name": "Ada",
    "email": "ada@example.com",
    "items": [{"sku": "espresso", "quantity": 2}],
    "total": "5.00",
    "created_at": "2026-01-02T03:04:05+00:00",
}


class Shelf:
    """`ports.Store` in memory, as hashes like the real one; `outages` are raised first."""

    def __init__(self, *outages: Exception) -> None:
        self.outages = list(outages)
        self.hashes: dict[str, dict[str, str]] = {}

    async def add(self, notification: Notification) -> Notification:
        if self.outages:
            raise self.outages.pop(0)
        return from_hash(self.hashes.setdefault(notification.id, to_hash(notification)))

    async def get(self, id: str) -> Notification | None:
        return from_hash(self.hashes[id]) if id in self.hashes else None

    async def newest(self, *, order_id: int | None, limit: int, offset: int) -> list[Notification]:
        found = [from_hash(one) for one in reversed(self.hashes.values())]
        return [one for one in found if order_id in (None, one.order_id)][offset : offset + limit]


class Post:
    """`ports.Mailer` that remembers."""

    def __init__(self) -> None:
        self.queued: list[str] = []

    async def send(self, notification: Notification) -> None:
        self.queued.append(notification.id)


class Naps:
    """Instead of sleeping."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, _: float) -> None:
        self.count += 1


def message(**changes: object) -> bytes:
    return json.dumps(EVENT | changes).encode()


def test_an_event_becomes_a_mail() -> None:
    notification = events.of_event(message(), lambda: NOW)
    assert (notification.id, notification.to, notification.subject) == (
        "order.created:7",
        "ada@example.com",
        "Your order 7",
    )
    assert notification.body == "Hello Ada,\n\nwe have your order:\n  2 × espresso\n\nTotal: 5.00\n"


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff", b"[]", message(email=None), message(order_id="x")])
def test_a_bad_event(body: bytes) -> None:
    with pytest.raises(events.BadEvent):
        events.of_event(body, lambda: NOW)


def test_a_hash_tells_all() -> None:
    fields = to_hash(events.of_event(message(), lambda: NOW))
    fields |= {"status": SENT, "sent_at": NOW.isoformat()}
    kept = from_hash(fields)
    assert (kept.order_id, kept.created_at, kept.sent_at, kept.status) == (7, NOW, NOW, "sent")


async def test_an_event_that_comes_twice_is_one_notification() -> None:
    shelf, post = Shelf(), Post()
    handler = Handler(Notifier(shelf, post), Naps())
    assert await handler.handle(message()) is Outcome.DONE
    shelf.hashes["order.created:7"]["status"] = SENT
    assert await handler.handle(message()) is Outcome.DONE
    assert (len(shelf.hashes), post.queued) == (1, ["order.created:7"])


async def test_a_notification_that_is_still_queued_is_queued_again() -> None:
    """The first attempt may have ended between the store and the queue."""
    post = Post()
    handler = Handler(Notifier(Shelf(), post), Naps())
    for _ in range(2):
        await handler.handle(message())
    assert post.queued == ["order.created:7"] * 2


async def test_an_outage_is_waited_for() -> None:
    post, naps = Post(), Naps()
    shelf = Shelf(*[Unavailable("redis")] * (ATTEMPTS + 3))
    assert await Handler(Notifier(shelf, post), naps).handle(message()) is Outcome.DONE
    assert (naps.count, post.queued) == (ATTEMPTS + 3, ["order.created:7"])


async def test_what_fails_again_and_again_is_put_aside() -> None:
    naps = Naps()
    shelf = Shelf(*[RuntimeError("?")] * 99)
    assert await Handler(Notifier(shelf, Post()), naps).handle(message()) is Outcome.DEAD
    assert naps.count == ATTEMPTS - 1


async def test_a_bad_event_is_put_aside_at_once() -> None:
    naps = Naps()
    assert await Handler(Notifier(Shelf(), Post()), naps).handle(b"?") is Outcome.DEAD
    assert naps.count == 0


@pytest.fixture
async def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def client(shelf: Shelf) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.notifier = Notifier(shelf, Post())
    api.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://it") as http:
        yield http


async def test_notify(client: httpx.AsyncClient) -> None:
    answer = await client.post("/notify", json={"order_id": 3, "to": "ada@example.com"})
    body = answer.json()
    assert (answer.status_code, body["order_id"], body["to"]) == (202, 3, "ada@example.com")
    assert (body["status"], body["sent_at"]) == ("queued", None)
    assert (await client.get(f"/notifications/{body['id']}")).json() == body


async def test_newest_first(client: httpx.AsyncClient) -> None:
    for order_id in (1, 2, 1):
        await client.post("/notify", json={"order_id": order_id, "to": "ada@example.com"})
    listed = (await client.get("/notifications/")).json()
    assert [one["order_id"] for one in listed] == [1, 2, 1]
    assert len((await client.get("/notifications/", params={"order_id": 1})).json()) == 2


@pytest.mark.parametrize("change", [{"to": "nobody"}, {"to": "a@b\nBcc: c@d"}, {"subject": "a\nb"}, {"order_id": 0}])
async def test_notify_refuses(client: httpx.AsyncClient, change: dict[str, object]) -> None:
    answer = await client.post("/notify", json={"order_id": 3, "to": "ada@example.com"} | change)
    assert answer.status_code == 422


async def test_unknown(client: httpx.AsyncClient) -> None:
    assert (await client.get("/notifications/none")).status_code == 404


async def test_redis_away(client: httpx.AsyncClient, shelf: Shelf) -> None:
    shelf.outages.append(Unavailable("redis: away"))
    answer = await client.post("/notify", json={"order_id": 3, "to": "ada@example.com"})
    assert (answer.status_code, answer.json()) == (503, {"detail": "redis: away"})
