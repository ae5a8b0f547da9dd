"""Orders on a real PostgreSQL: migrations, the outbox and compensations under several replicas."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from stack.services.orders.app.core.domain import Customer, Draft, Event, Line
from stack.services.orders.app.core.errors import Unavailable
from stack.services.orders.app.core.ports import Duplicate, Lapsed
from stack.services.orders.app.db.compensations import SqlCompensations
from stack.services.orders.app.db.orders import SqlOrders
from stack.services.orders.app.db.outbox import SqlOutbox
from stack.services.orders.app.models import Base

from meshkit.db import Database, migrate
from meshkit.tracing import span
from tests.images import base_image
from tests.stack.recorded import Recorded, trace_of

pytestmark = pytest.mark.docker

SERVICE_DIR = Path(__file__).resolve().parents[2] / "stack/services/orders"
TABLES = "orders, order_items, outbox, compensations"


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An empty database in a container of its own."""
    options = ("--rm", "-e", "POSTGRES_PASSWORD=p", "-e", "POSTGRES_DB=orders", "-p", "127.0.0.1::5432")
    container = docker("run", "-d", *options, base_image("MESH_POSTGRES_IMAGE"))
    try:
        address = docker("port", container, "5432").splitlines()[0]
        yield f"postgresql+psycopg://postgres:p@{address}/orders"
    finally:
        docker("rm", "-f", "-v", container)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    await migrate(SERVICE_DIR, url)
    database = Database(url)
    async with database.session() as session, session.begin():
        await session.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"))
    yield database
    await database.close()


def draft(reference: str, key: str = "") -> Draft:
    lines = (Line("espresso", 2, Decimal("2.50")),)
    return Draft(reference, Customer(1, "Ada", "ada@example.com"), lines, key, "f")


async def stored(database: Database, reference: str = "r1") -> SqlOrders:
    orders = SqlOrders(database)
    await orders.intend(reference)
    await orders.confirm(draft(reference))
    return orders


async def released(database: Database) -> list[str]:
    """References of what is due now."""
    found: list[str] = []

    async def release(reference: str, _: Mapping[str, str], __: int) -> None:
        found.append(reference)

    while await SqlCompensations(database).next(release):
        pass
    return found


async def test_migrations_make_the_models_tables(database: Database, url: str) -> None:
    await migrate(SERVICE_DIR, url)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


async def test_an_order_and_its_event_are_stored_together(database: Database, spans: Recorded) -> None:
    with span("POST /orders/") as request:
        orders = await stored(database)
    order = await orders.get(1)
    assert (order.status, order.total, order.lines[0].unit_price) == (
        "confirmed",
        Decimal("5.00"),
        Decimal("2.50"),
    )
    assert [found.id for found in await orders.newest(user_id=1, limit=9, offset=0)] == [1]
    assert await orders.newest(user_id=2, limit=9, offset=0) == []
    events: list[Event] = []

    async def publish(batch: Sequence[Event]) -> None:
        events.extend(batch)

    assert [await SqlOutbox(database).drain(publish, 9) for _ in range(2)] == [1, 0]
    assert (events[0].id, events[0].body["email"]) == ("order.created:1", "ada@example.com")
    assert f"{request.get_span_context().trace_id:032x}" in events[0].headers["traceparent"]
    assert {"INSERT compensations", "DELETE compensations", "INSERT orders", "INSERT outbox"} <= set(spans.names())
    assert len({trace_of(one) for one in spans}) == 1, "what drains the outbox leaves no spans of its own"
    assert await released(database) == []


async def test_a_lapsed_or_duplicate_order_is_not_stored(database: Database) -> None:
    orders = SqlOrders(database)
    with pytest.raises(Lapsed):
        await orders.confirm(draft("never intended"))
    for reference in ("r1", "r2"):
        await orders.intend(reference)
    await orders.confirm(draft("r1", "k"))
    with pytest.raises(Duplicate):
        await orders.confirm(draft("r2", "k"))
    assert (await orders.by_key("k")) == await orders.get(1)
    await orders.compensate("r1")
    await orders.compensate("r2")
    assert await released(database) == ["r2"]


async def test_events_stay_when_publishing_fails(database: Database) -> None:
    await stored(database)

    async def refuse(_: Sequence[Event]) -> None:
        raise ConnectionError

    async def accept(_: Sequence[Event]) -> None:
        return

    with pytest.raises(ConnectionError):
        await SqlOutbox(database).drain(refuse, 9)
    assert await SqlOutbox(database).drain(accept, 9) == 1


async def test_two_replicas_never_publish_the_same_row(database: Database) -> None:
    await stored(database)
    holding, finish = asyncio.Event(), asyncio.Event()

    async def slow(_: Sequence[Event]) -> None:
        holding.set()
        await finish.wait()

    async def other(_: Sequence[Event]) -> None:
        raise AssertionError("the row is held")

    first = asyncio.create_task(SqlOutbox(database).drain(slow, 9))
    await holding.wait()
    assert await SqlOutbox(database).drain(other, 9) == 0
    finish.set()
    assert await first == 1


async def test_a_failed_release_is_put_off(database: Database) -> None:
    orders = SqlOrders(database)
    await orders.intend("r1")
    assert await released(database) == []
    await orders.compensate("r1")

    async def away(_: str, __: Mapping[str, str], ___: int) -> None:
        raise Unavailable("inventory")

    compensations = SqlCompensations(database)
    assert [await compensations.next(away) for _ in range(2)] == [False, None]


async def test_cancelling_makes_the_release_due(database: Database) -> None:
    orders = await stored(database)
    assert [(await orders.cancel(1))[1] for _ in range(2)] == [True, False]
    assert (await orders.get(1)).status == "cancelled"
    assert await released(database) == ["r1"]


async def test_an_intent_can_be_forgotten(database: Database) -> None:
    orders = SqlOrders(database)
    await orders.intend("r1")
    await orders.forget("r1")
    await orders.compensate("r1")
    assert await released(database) == []


async def test_a_database_that_is_away() -> None:
    database = Database("postgresql+psycopg://nobody:x@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="database"):
        await SqlOrders(database).get(1)
    await database.close()
