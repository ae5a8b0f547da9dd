"""Users in PostgreSQL; each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.errors import UniqueViolation
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from meshkit.db import Database

from .models import UserRow
from .schemas import User


class EmailTaken(Exception):
    """Another user has this email."""


class Repository:
    """The users of the database; None and False stand for an id that is not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> User | None:
        async with self._database.session() as session:
            row = await session.get(UserRow, user_id)
            return User.model_validate(row) if row else None

    async def page(self, *, limit: int, offset: int = 0, after_id: int = 0) -> Sequence[User]:
        """Users by id, from the `offset`th with a greater id than `after_id`."""
        query = select(UserRow).where(UserRow.id > after_id).order_by(UserRow.id).limit(limit).offset(offset)
        async with self._database.session() as session:
            return [User.model_validate(row) for row in await session.scalars(query)]

    async def add(self, fields: Mapping[str, object]) -> User:
        """The new user. Raises EmailTaken."""
        row = UserRow(**fields)
        async with self._database.session() as session:
            session.add(row)
            return await _saved(session, row)

    async def change(self, user_id: int, fields: Mapping[str, object]) -> User | None:
        """The user after the change. Raises EmailTaken."""
        async with self._database.session() as session:
            row = await session.get(UserRow, user_id, with_for_update=True)
            if row is None:
                return None
            for name, value in fields.items():
                setattr(row, name, value)
            return await _saved(session, row)

    async def remove(self, user_id: int) -> bool:
        async with self._database.session() as session:
            gone = await session.scalar(delete(UserRow).where(UserRow.id == user_id).returning(UserRow.id))
            await session.commit()
            return gone is not None


async def _saved(session: AsyncSession, row: UserRow) -> User:
    email = row.email
    try:
        await session.commit()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise EmailTaken(email) from error
        raise
    return User.model_validate(row)
