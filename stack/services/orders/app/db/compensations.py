"""Releases that are due; one replica at a time holds one (FOR UPDATE SKIP LOCKED)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from sqlalchemy import func, select

from meshkit.db import Database

from ..core.errors import Unavailable
from ..models import CompensationRow

LONGEST_WAIT_S = 5


class SqlCompensations:
    """`tasks.compensator.Compensations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, release: Callable[[str, Mapping[str, str], int], Awaitable[None]]) -> bool | None:
        """Release what is due longest: True when done, False when put off, None when nothing is due."""
        due = (
            select(CompensationRow)
            .where(CompensationRow.due_at <= func.now())
            .order_by(CompensationRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.session() as session, session.begin():
            row = await session.scalar(due)
            if row is None:
                return None
            try:
                await release(row.reference, row.headers, row.attempts)
            except Unavailable:
                row.attempts += 1
                row.due_at = func.now() + put_off(row.attempts)
                return False
            await session.delete(row)
            return True


def put_off(attempts: int) -> timedelta:
    """1, 2, 4, … seconds, at most LONGEST_WAIT_S."""
    return timedelta(seconds=min(2 ** min(attempts - 1, 10), LONGEST_WAIT_S))
