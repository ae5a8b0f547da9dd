"""Items in PostgreSQL; each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from meshkit.db import Database

from .errors import SkuTaken, UnknownSkus
from .models import ItemRow
from .schemas import MAX_STOCK, Item


class Items:
    """The items of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, *, limit: int, offset: int) -> Sequence[Item]:
        """Items by sku."""
        query = select(ItemRow).order_by(ItemRow.sku).limit(limit).offset(offset)
        async with self._database.session() as session:
            return [Item.model_validate(row) for row in await session.scalars(query)]

    async def get(self, sku: str) -> Item:
        """Raises UnknownSkus."""
        async with self._database.session() as session:
            row = await session.get(ItemRow, sku)
        if row is None:
            raise UnknownSkus([sku])
        return Item.model_validate(row)

    async def add(self, item: Item) -> Item:
        """Raises SkuTaken."""
        async with self._database.session() as session:
            session.add(ItemRow(**item.model_dump()))
            try:
                await session.commit()
            except IntegrityError as error:
                raise SkuTaken(item.sku) from error
        return item

    async def restock(self, sku: str, quantity: int) -> Item:
        """The item with more in stock, at most MAX_STOCK. Raises UnknownSkus."""
        stock = func.least(ItemRow.stock + quantity, MAX_STOCK)
        more = update(ItemRow).where(ItemRow.sku == sku).values(stock=stock).returning(ItemRow)
        async with self._database.session() as session, session.begin():
            row = await session.scalar(more)
            if row is None:
                raise UnknownSkus([sku])
            return Item.model_validate(row)

    async def stock(self, skus: Sequence[str]) -> Mapping[str, int]:
        """Stock by sku, of those that exist."""
        query = select(ItemRow.sku, ItemRow.stock).where(ItemRow.sku.in_(skus))
        async with self._database.session() as session:
            return {row.sku: row.stock for row in await session.execute(query)}
