"""The service put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from mesh_protos.users.v1.users_pb2_grpc import UserServiceStub
from meshkit import GrpcClient, HttpClient, mesh_app
from meshkit.db import Database, migrate

from .api import errors, limits, orders
from .clients.inventory import HttpInventory
from .clients.users import GrpcUsers
from .core.config import Config
from .core.saga import Saga
from .db.compensations import SqlCompensations
from .db.orders import SqlOrders
from .db.outbox import SqlOutbox
from .tasks.compensator import Compensator
from .tasks.loop import Loop
from .tasks.publisher import AmqpPublisher
from .tasks.relay import Relay

SERVICE_DIR = Path(__file__).resolve().parent.parent


def create_app(config: Config) -> FastAPI:
    """The application; what it needs is opened when its lifespan begins."""
    database = Database(config.database_url, pool_size=10)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate(SERVICE_DIR, config.database_url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            publisher = AmqpPublisher(config.amqp_url)
            stack.push_async_callback(publisher.close)
            inventory = _inventory(config)
            relay = Loop("outbox", Relay(SqlOutbox(database), publisher).turn)
            compensator = Loop("compensation", Compensator(SqlCompensations(database), inventory).turn)
            app.state.orders = SqlOrders(database)
            app.state.saga = Saga(_users(config), inventory, app.state.orders, compensator.wake, relay.wake)
            await stack.enter_async_context(relay)
            await stack.enter_async_context(compensator)
            yield

    app = FastAPI(title="orders", summary="Takes orders and keeps them", lifespan=lifespan)
    app.state.limiter = limits.limiter
    errors.install(app)
    app.include_router(orders.router)
    mesh_app(app, ready=database.ping)
    return app


def _users(config: Config) -> GrpcUsers:
    client = GrpcClient("users", UserServiceStub, attempts=2)
    return GrpcUsers(client, config.upstream_timeout_s)


def _inventory(config: Config) -> HttpInventory:
    return HttpInventory(HttpClient("inventory", timeout_s=config.upstream_timeout_s, attempts=2))
