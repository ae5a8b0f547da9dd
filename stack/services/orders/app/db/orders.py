"""Orders in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from meshkit.db import Database
from meshkit.tracing import headers

from ..core.domain import CANCELLED, CONFIRMED, Draft, Event, Line, Order
from ..core.errors import UnknownOrder
from ..core.events import order_cancelled, order_created
from ..core.ports import Duplicate, Lapsed
from ..models import CompensationRow, ItemRow, OrderRow, OutboxRow
from .outages import answered

INTENT_LASTS = timedelta(seconds=30)


class SqlOrders:
    """`core.ports.Orders`, and what the API reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @answered
    async def get(self, order_id: int) -> Order:
        """Raises UnknownOrder."""
        async with self._database.session() as session:
            row = await session.get(OrderRow, order_id)
            if row is None:
                raise UnknownOrder(order_id)
            return _order(row)

    @answered
    async def newest(self, *, user_id: int | None, limit: int, offset: int) -> list[Order]:
        """Orders, newest first."""
        query = select(OrderRow).order_by(OrderRow.id.desc()).limit(limit).offset(offset)
        if user_id is not None:
            query = query.where(OrderRow.user_id == user_id)
        async with self._database.session() as session:
            return [_order(row) for row in await session.scalars(query)]

    @answered
    async def by_key(self, key: str) -> Order | None:
        async with self._database.session() as session:
            row = await session.scalar(select(OrderRow).where(OrderRow.idempotency_key == key))
            return _order(row) if row else None

    @answered
    async def intend(self, reference: str) -> None:
        async with self._database.session() as session, session.begin():
            session.add(_release(reference, INTENT_LASTS))

    @answered
    async def forget(self, reference: str) -> None:
        async with self._database.session() as session, session.begin():
            await session.execute(delete(CompensationRow).where(CompensationRow.reference == reference))

    @answered
    async def compensate(self, reference: str) -> None:
        due_now = update(CompensationRow).where(CompensationRow.reference == reference)
        async with self._database.session() as session, session.begin():
            await session.execute(due_now.values(due_at=func.now()))

    @answered
    async def confirm(self, draft: Draft) -> Order:
        async with self._database.session() as session, session.begin():
            intent = await session.execute(
                delete(CompensationRow)
                .where(CompensationRow.reference == draft.reference)
                .returning(CompensationRow.reference)
            )
            if intent.first() is None:
                raise Lapsed
            row = _row(draft)
            session.add(row)
            await _flush_unique(session)
            await session.refresh(row, ["created_at"])
            order = _order(row)
            session.add(_outbox(order_created(order, draft.customer, headers())))
        return order

    @answered
    async def cancel(self, order_id: int) -> tuple[Order, bool]:
        async with self._database.session() as session, session.begin():
            row = await session.get(OrderRow, order_id, with_for_update=True)
            if row is None:
                raise UnknownOrder(order_id)
            if row.status == CANCELLED:
                return _order(row), False
            row.status = CANCELLED
            order = _order(row)
            session.add(_release(row.reference, timedelta()))
            session.add(_outbox(order_cancelled(order, headers())))
        return order, True


async def _flush_unique(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise Duplicate from error


def _release(reference: str, after: timedelta) -> CompensationRow:
    return CompensationRow(reference=reference, due_at=func.now() + after, headers=headers())


def _outbox(event: Event) -> OutboxRow:
    return OutboxRow(
        message_id=event.id,
        routing_key=event.routing_key,
        body=dict(event.body),
        headers=dict(event.headers),
    )


def _row(draft: Draft) -> OrderRow:
    return OrderRow(
        reference=draft.reference,
        status=CONFIRMED,
        user_id=draft.customer.id,
        total=draft.total,
        idempotency_key=draft.key or None,
        fingerprint=draft.fingerprint,
        items=[ItemRow(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in draft.lines],
    )


def _order(row: OrderRow) -> Order:
    return Order(
        id=row.id,
        reference=row.reference,
        status=row.status,
        user_id=row.user_id,
        lines=tuple(Line(item.sku, item.quantity, item.unit_price) for item in row.items),
        total=row.total,
        created_at=row.created_at,
        fingerprint=row.fingerprint,
    )
