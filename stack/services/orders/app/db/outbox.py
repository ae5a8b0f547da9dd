"""The outbox: events leave it when the broker has confirmed them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import delete, select

from meshkit.db import Database

from ..core.domain import Event
from ..models import OutboxRow


class SqlOutbox:
    """`tasks.relay.Outbox`; a row is held by one replica at a time (FOR UPDATE SKIP LOCKED)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drain(self, publish: Callable[[Sequence[Event]], Awaitable[None]], limit: int) -> int:
        """Publish the oldest events and remove them if `publish` returns; how many that were."""
        oldest = select(OutboxRow).order_by(OutboxRow.id).limit(limit).with_for_update(skip_locked=True)
        async with self._database.session() as session, session.begin():
            rows = (await session.scalars(oldest)).all()
            if rows:
                await publish([Event(row.message_id, row.routing_key, row.body, row.headers) for row in rows])
                await session.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in rows])))
            return len(rows)
