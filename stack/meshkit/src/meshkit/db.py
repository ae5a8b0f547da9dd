"""PostgreSQL for a service: one async pool, and migrations that replicas may start together.

URLs are SQLAlchemy's with psycopg, which serves both: postgresql+psycopg://user:password@host:5432/name
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from . import tracing
from .logs import log
from .sql import observe

OUTAGES = (OperationalError, InterfaceError, PoolTimeout)
"""What SQLAlchemy raises when the database cannot be reached."""

_CONNECT_S = 2
_LOCK = 0x6D657368  # "mesh"


class Database:
    """An async pool on `url` (default: DATABASE_URL). It connects on first use; errors are SQLAlchemy's."""

    def __init__(self, url: str | None = None, *, pool_size: int = 5) -> None:
        self._engine = create_async_engine(
            url or _own_url(),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=_CONNECT_S,
            connect_args={"connect_timeout": _CONNECT_S},
        )
        observe(self._engine.sync_engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    def session(self) -> AsyncSession:
        """A new session for `async with`; objects stay readable after a commit."""
        return self._sessions()

    async def ping(self) -> None:
        """Return when the database answers; raise ConnectionError or TimeoutError when it does not."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except OperationalError as error:
            raise ConnectionError(f"database: {_first_line(error)}") from error

    async def close(self) -> None:
        await self._engine.dispose()


def answer_outages(app: FastAPI) -> None:
    """Let `app` answer 503 in JSON when the database cannot be reached."""

    async def outage(_: Request, error: Exception) -> JSONResponse:
        tracing.failed(error)
        log.warning("db.unavailable", error=str(error).splitlines()[0])
        return JSONResponse({"detail": "the database does not answer"}, 503, headers={"retry-after": "1"})

    for kind in OUTAGES:
        app.add_exception_handler(kind, outage)


async def migrate(service_dir: Path | str, url: str | None = None, *, timeout_s: float = 60.0) -> None:
    """Upgrade to the newest revision of `service_dir`/migrations, under an advisory lock.
    Waits up to `timeout_s` for the database, then raises TimeoutError.
    """
    await asyncio.to_thread(_migrate, Path(service_dir), url or _own_url(), timeout_s)


def _migrate(service_dir: Path, url: str, timeout_s: float) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(service_dir / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_S})
    with _connected(engine, timeout_s) as connection:
        # Replicas that wait here find nothing left to do; the lock ends with the connection at the latest.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    log.info("db.migrated", directory=str(service_dir))


@contextmanager
def _connected(engine: Engine, timeout_s: float) -> Iterator[Connection]:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection = engine.connect()
            break
        except OperationalError as error:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"no database within {timeout_s:g} s: {_first_line(error)}") from error
            log.warning("db.waiting", error=_first_line(error))
            time.sleep(0.5)
    with connection:
        yield connection


def _own_url() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise KeyError("DATABASE_URL is not set")
    return url


def _first_line(error: OperationalError) -> str:
    return str(error.orig or error).splitlines()[0]
