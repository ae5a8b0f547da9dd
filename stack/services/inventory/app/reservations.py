"""Reservations in PostgreSQL: all or nothing, and the same answer however often a request comes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from meshkit.db import Database

from .errors import OutOfStock, ReservationClash, shortages
from .models import ItemRow, LineRow, ReservationRow
from .schemas import MAX_STOCK, Reservation, ReservedLine


class Reservations:
    """Rows are locked in the order of their skus: two reservations never wait for each other in turn."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, reservation_id: str, quantities: Mapping[str, int]) -> tuple[Reservation, bool]:
        """What is set aside, and True unless it already was.

        Raises UnknownSkus, OutOfStock, and ReservationClash if the id was released or holds other items.
        """
        async with self._database.session() as session, session.begin():
            if not await _claim(session, reservation_id, released=False):
                return await _again(session, reservation_id, quantities), False
            items = await _locked(session, quantities)
            short = shortages(quantities, {sku: item.stock for sku, item in items.items()})
            if short:
                raise OutOfStock(short)
            lines = [_take(reservation_id, items[sku], count) for sku, count in sorted(quantities.items())]
            session.add_all(lines)
            return _answer(reservation_id, lines), True

    async def release(self, reservation_id: str) -> bool:
        """Give back what is set aside; False if there is nothing (any more).

        An id not known yet is spent: its reservation may still be on the way, and nobody would release it.
        """
        async with self._database.session() as session, session.begin():
            if await _claim(session, reservation_id, released=True):
                return False
            reservation = await _reservation(session, reservation_id)
            if reservation.released:
                return False
            reservation.released = True
            given_back = {line.sku: line.quantity for line in reservation.lines}
            for sku, item in (await _locked(session, given_back)).items():
                item.stock = min(item.stock + given_back[sku], MAX_STOCK)
            return True


async def _claim(session: AsyncSession, reservation_id: str, *, released: bool) -> bool:
    """True if this transaction is the first with the id; another one under way with it is waited for."""
    claim = insert(ReservationRow).values(id=reservation_id, released=released).on_conflict_do_nothing()
    return await session.scalar(claim.returning(ReservationRow.id)) is not None


async def _reservation(session: AsyncSession, reservation_id: str) -> ReservationRow:
    return await session.get_one(ReservationRow, reservation_id, with_for_update=True)


async def _again(session: AsyncSession, reservation_id: str, quantities: Mapping[str, int]) -> Reservation:
    reservation = await _reservation(session, reservation_id)
    if reservation.released:
        raise ReservationClash(f"reservation {reservation_id} was released")
    if {line.sku: line.quantity for line in reservation.lines} != dict(quantities):
        raise ReservationClash(f"reservation {reservation_id} holds other items")
    return _answer(reservation_id, reservation.lines)


async def _locked(session: AsyncSession, quantities: Mapping[str, int]) -> dict[str, ItemRow]:
    query = select(ItemRow).where(ItemRow.sku.in_(quantities)).order_by(ItemRow.sku).with_for_update()
    return {item.sku: item for item in await session.scalars(query)}


def _take(reservation_id: str, item: ItemRow, quantity: int) -> LineRow:
    item.stock -= quantity
    return LineRow(reservation_id=reservation_id, sku=item.sku, quantity=quantity, unit_price=item.unit_price)


def _answer(reservation_id: str, lines: list[LineRow]) -> Reservation:
    items = [ReservedLine.model_validate(line) for line in lines]
    return Reservation(reservation_id=reservation_id, items=items)
