"""Traces through RabbitMQ and Celery, and one order from the first request to the worker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from celery import Celery
from fastapi import FastAPI
from opentelemetry.trace import SpanKind
from stack.services.notifications.app.consumer import Consumer
from stack.services.notifications.app.handler import Handler
from stack.services.notifications.app.mailer import CeleryMailer
from stack.services.notifications.app.notifier import Notifier
from stack.services.orders.app.clients.inventory import HttpInventory
from stack.services.orders.app.clients.users import GrpcUsers
from stack.services.orders.app.core.domain import Draft, Event, Order, Request
from stack.services.orders.app.core.errors import Unavailable
from stack.services.orders.app.core.events import order_created
from stack.services.orders.app.core.saga import Saga
from stack.services.orders.app.tasks.compensator import Compensator
from stack.services.orders.app.tasks.relay import Relay
from stack.services.worker.app import celery_app, tasks

from mesh_protos.users.v1.users_pb2 import GetUserRequest, User
from mesh_protos.users.v1.users_pb2_grpc import (
    UserServiceServicer,
    UserServiceStub,
    add_UserServiceServicer_to_server,
)
from meshkit import FixedDirectory, GrpcClient, HttpClient, amqp, mesh_app, tracing
from meshkit.breakers import breakers
from meshkit.celery import TracedTask, queue
from meshkit.grpc import serve_grpc
from tests.stack.orders_world import ADA, Store, World
from tests.stack.recorded import Recorded, attributes, events, id_of, is_error, parent_of, trace_of
from tests.stack.test_notifications import Shelf
from tests.stack.test_worker import Drawer

TRACE, SPAN = "1" * 32, "2" * 16
SENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    breakers.clear()
    celery_app.stopping.clear()


@pytest.fixture
def broker() -> Iterator[Celery]:
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.task_ignore_result = True
    yield app
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge("celery")


def taken(app: Celery) -> dict[str, Any]:
    """Headers of the next Celery message."""
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as waiting:
        message = waiting.get(timeout=5)
        message.ack()
        return dict(message.headers)


def test_a_queued_task_carries_the_trace(broker: Celery, spans: Recorded) -> None:
    with tracing.span("order"):
        queue(broker, "send_email", {"notification_id": "n"})
    headers, sent = taken(broker), spans.one("apply_async/send_email")
    assert sent.kind is SpanKind.PRODUCER
    assert parent_of(sent) == id_of(spans.one("order"))
    assert headers["traceparent"].startswith(f"00-{trace_of(sent)}-{id_of(sent)}-")


def test_each_retry_is_a_message_and_a_run_of_its_own(spans: Recorded) -> None:
    app = Celery("test", broker="memory://", set_as_current=False)

    @app.task(name="shaky", base=TracedTask, autoretry_for=(ValueError,), max_retries=2, retry_backoff=1)
    def shaky() -> None:
        raise ValueError("not today")

    shaky.apply(headers=SENT)
    first, second, third = spans.all("run/shaky")
    assert [attributes(run)["mesh.attempt"] for run in (first, second, third)] == [1, 2, 3]
    assert all(is_error(run) and run.kind is SpanKind.CONSUMER for run in (first, second, third))
    assert (trace_of(third), parent_of(first)) == (TRACE, SPAN)
    one, other = spans.all("retry/shaky")
    assert (parent_of(one), parent_of(second)) == (id_of(first), id_of(one))
    assert (parent_of(other), parent_of(third)) == (id_of(second), id_of(other))
    assert not is_error(one)
    assert events(first)["retry"]["attempt"] == 1
    assert "retry" not in events(third)


def test_a_task_that_is_given_back_is_no_error(spans: Recorded) -> None:
    celery_app.stopping.set()
    assert str(tasks.slow_task.apply(args=(60,), headers=SENT).state) == "REJECTED"
    assert not is_error(spans.one("run/slow_task"))


class Message:
    """`AbstractIncomingMessage` as far as the consumer looks at it."""

    redelivered = False
    routing_key = "order.created"

    def __init__(self, body: bytes, headers: Mapping[str, object]) -> None:
        self.body = body
        self.headers = headers
        self.message_id = "order.created:1"
        self.outcome = ""

    async def ack(self) -> None:
        self.outcome = "ack"

    async def reject(self, *, requeue: bool) -> None:
        self.outcome = f"reject {requeue}"


async def unhurried(_: float) -> None:
    raise AssertionError("nothing is to be waited for")


async def test_a_message_that_is_put_aside_is_an_error(spans: Recorded) -> None:
    message = Message(b"?", {"traceparent": SENT["traceparent"].encode()})
    consumer = Consumer("amqp://nowhere", Handler(Notifier(Shelf(), CeleryMailer(Celery())), unhurried))
    await consumer._on_message(message)  # type: ignore[arg-type]
    span = spans.one("process order.created")
    assert (message.outcome, span.kind, is_error(span)) == ("reject False", SpanKind.CONSUMER, True)
    assert (trace_of(span), parent_of(span)) == (TRACE, SPAN)


class Outbox:
    """The table `outbox` in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def drain(self, publish: Callable[[Sequence[Event]], Awaitable[None]], limit: int) -> int:
        taken, self.events = self.events[:limit], self.events[limit:]
        await publish(taken)
        return len(taken)


class Rabbit:
    """`tasks.relay.Publisher` that keeps what it is given, `away` times refusing to."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.messages: list[tuple[Event, dict[str, str]]] = []

    async def ready(self) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionError("away")

    async def publish(self, event: Event) -> None:
        with amqp.publishing("orders", event.routing_key, event.id):
            await self.ready()
            self.messages.append((event, tracing.headers()))


class Keeping(Store):
    """A store that writes the event of an order to an outbox, with the headers of its trace."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        super().__init__(world)
        self.outbox = outbox

    async def confirm(self, draft: Draft) -> Order:
        order = await super().confirm(draft)
        self.outbox.events.append(order_created(order, draft.customer, tracing.headers()))
        return order


class Users(UserServiceServicer):
    async def GetUser(self, request: GetUserRequest, context: Any) -> User:
        return User(id=ADA.id, name=ADA.name, email=ADA.email)


def inventory() -> FastAPI:
    app = FastAPI()

    @app.post("/reserve", status_code=201)
    async def reserve() -> Any:
        return {"items": [{"sku": "espresso", "quantity": 1, "unit_price": "2.50"}]}

    mesh_app(app)
    return app


def orders(saga: Saga) -> FastAPI:
    app = FastAPI()

    @app.post("/orders/", status_code=201)
    async def create() -> int:
        order, _ = await saga.place(Request(ADA.id, {"espresso": 1}))
        return order.id

    mesh_app(app)
    return app


@pytest.fixture
async def users(free_port: int) -> AsyncIterator[GrpcUsers]:
    servicers = [(add_UserServiceServicer_to_server, Users(), "users.v1.UserService")]
    client = GrpcClient(
        "users", UserServiceStub, directory=FixedDirectory({"users": [f"http://127.0.0.1:{free_port}"]})
    )
    async with serve_grpc(servicers, port=free_port):
        yield GrpcUsers(client, 5.0)
        await client.close()


async def test_an_order_is_one_trace_from_the_request_to_the_worker(
    users: GrpcUsers, broker: Celery, spans: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, rabbit = Outbox(), Rabbit()
    stock = HttpClient(
        "inventory",
        directory=FixedDirectory({"inventory": ["http://inventory:8000"]}),
        transport=httpx.ASGITransport(inventory()),
    )
    saga = Saga(users, HttpInventory(stock), Keeping(World(), outbox), lambda: None, lambda: None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(orders(saga)), base_url="http://orders") as http:
        assert (await http.post("/orders/", headers=SENT)).status_code == 201
    await stock.close()

    await Relay(outbox, rabbit).turn()
    ((event, headers),) = rabbit.messages

    consumer = Consumer("amqp://nowhere", Handler(Notifier(Shelf(), CeleryMailer(broker)), unhurried))
    message = Message(_body(event), headers)
    await consumer._on_message(message)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "outbox", Drawer())
    beside = taken(broker)
    kwargs = {"notification_id": "order.created:7"}
    assert tasks.send_email.apply(kwargs=kwargs, headers={"traceparent": beside["traceparent"]}).successful()

    assert {trace_of(span) for span in spans} == {TRACE}
    known = {id_of(span): span.name for span in spans} | {SPAN: "the caller"}
    assert {span.name: known[parent_of(span)] for span in spans if span.kind is not SpanKind.CLIENT} == {
        "POST /orders/": "the caller",
        "users.v1.UserService/GetUser": "users.v1.UserService/GetUser",
        "POST /reserve": "POST /reserve",
        "publish order.created": "POST /orders/",
        "process order.created": "publish order.created",
        "apply_async/send_email": "process order.created",
        "run/send_email": "apply_async/send_email",
    }
    assert {known[parent_of(span)] for span in spans.kind(SpanKind.CLIENT)} == {"POST /orders/"}
    assert not [span.name for span in spans if is_error(span)]


def _body(event: Event) -> bytes:
    return json.dumps(event.body).encode()


async def test_a_broker_that_is_away_is_seen_once_in_the_trace(spans: Recorded) -> None:
    outbox, rabbit = Outbox(), Rabbit(away=5)
    relay = Relay(outbox, rabbit)
    event = Event("order.created:1", "order.created", {}, SENT)
    for _ in range(5):
        outbox.events = [event]
        with pytest.raises(ConnectionError):
            await relay.turn()
    outbox.events = [event]
    await relay.turn()
    assert [is_error(span) for span in spans.all("publish order.created")] == [True, False]


async def test_an_empty_outbox_leaves_no_span(spans: Recorded) -> None:
    await Relay(Outbox(), Rabbit()).turn()
    assert spans.names() == []


class Failing:
    """An inventory that cannot release for the first `times`."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def release(self, reference: str) -> None:
        with tracing.span("POST /release", SpanKind.CLIENT):
            if self.times:
                self.times -= 1
                raise Unavailable("inventory")


class Due:
    """One release that is due until it is done."""

    def __init__(self) -> None:
        self.failures = 0
        self.done = False

    async def next(self, release: Callable[[str, Mapping[str, str], int], Awaitable[None]]) -> bool | None:
        try:
            await release("r1", SENT, self.failures)
        except Exception:
            self.failures += 1
            return False
        self.done = True
        return True


@pytest.mark.parametrize(
    ("failures", "attempts"), [(0, [1]), (1, [1, 2]), (6, [1, 2, 4, 7]), (20, [1, 2, 4, 8, 16, 21])]
)
async def test_compensations_belong_to_the_trace_of_the_order_and_do_not_fill_it(
    failures: int, attempts: list[int], spans: Recorded
) -> None:
    due = Due()
    compensator = Compensator(due, Failing(failures))  # type: ignore[arg-type]
    while not due.done:
        await compensator.turn()
    told = spans.all("compensate reservation")
    assert [attributes(span)["mesh.attempt"] for span in told] == attempts
    assert [is_error(span) for span in told] == [True] * (len(attempts) - 1) + [False]
    assert {(trace_of(span), parent_of(span)) for span in told} == {(TRACE, SPAN)}
    assert len(spans.all("POST /release")) <= len(attempts)
