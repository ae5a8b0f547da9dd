"""The body of a service's migrations/env.py."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, MetaData, create_engine


def run(metadata: MetaData | None = None) -> None:
    """Run the migrations on the connection of `meshkit.db.migrate`; from Alembic's own command line on one
    to DATABASE_URL. `metadata` is what `alembic revision --autogenerate` compares with.
    """
    given = context.config.attributes.get("connection")
    if isinstance(given, Connection):
        _on(given, metadata)
        return
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        _on(connection, metadata)
        connection.commit()


def _on(connection: Connection, metadata: MetaData | None) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
