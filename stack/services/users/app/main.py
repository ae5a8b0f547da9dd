"""The service put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from mesh_protos.users.v1.users_pb2_grpc import add_UserServiceServicer_to_server
from meshkit import mesh_app
from meshkit.db import Database, answer_outages, migrate
from meshkit.grpc import serve_grpc

from . import api
from .cache import Cache, connect
from .config import Config
from .grpc_api import NAME, UserService
from .repository import Repository
from .service import Users

SERVICE_DIR = Path(__file__).resolve().parent.parent


def create_app(config: Config) -> FastAPI:
    """The application; what it needs is opened when its lifespan begins."""
    database = Database(config.database_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate(SERVICE_DIR, config.database_url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            cache = Cache(connect(config.redis_url), config.cache_ttl_s) if config.redis_url else None
            if cache:
                stack.push_async_callback(cache.close)
            app.state.users = Users(Repository(database), cache)
            servicer = UserService(app.state.users)
            grpc = [(add_UserServiceServicer_to_server, servicer, NAME)]
            await stack.enter_async_context(serve_grpc(grpc, port=config.grpc_port))
            yield

    app = FastAPI(title="users", summary="Who may order", lifespan=lifespan)
    api.install(app)
    answer_outages(app)
    mesh_app(app, ready=database.ping, grpc_port=config.grpc_port)
    return app
