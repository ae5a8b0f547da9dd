"""The service put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from meshkit import mesh_app
from meshkit.db import Database, answer_outages, migrate

from . import api
from .config import Config
from .items import Items
from .reservations import Reservations

SERVICE_DIR = Path(__file__).resolve().parent.parent


def create_app(config: Config) -> FastAPI:
    """The application; the database is prepared when its lifespan begins."""
    database = Database(config.database_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate(SERVICE_DIR, config.database_url)
        try:
            yield
        finally:
            await database.close()

    app = FastAPI(title="inventory", summary="What there is to sell", lifespan=lifespan)
    app.state.items = Items(database)
    app.state.reservations = Reservations(database)
    api.install(app)
    answer_outages(app)
    mesh_app(app, ready=database.ping)
    return app
