"""The HTTP door: /items/, /check, /reserve, /release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, status
from fastapi.responses import JSONResponse

from .errors import InventoryError, OutOfStock, UnknownSkus, shortages
from .items import Items
from .reservations import Reservations
from .schemas import (
    Availability,
    Basket,
    Checked,
    Item,
    Problem,
    Release,
    Released,
    Reservation,
    Reserve,
    Restock,
    ShortProblem,
    Sku,
    UnknownProblem,
)

router = APIRouter()

_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": UnknownProblem}}
_SHORT: dict[int | str, dict[str, Any]] = {409: {"model": ShortProblem}}
_TAKEN: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}


def _items(request: Request) -> Items:
    items: Items = request.app.state.items
    return items


def _reservations(request: Request) -> Reservations:
    reservations: Reservations = request.app.state.reservations
    return reservations


ItemsDep = Annotated[Items, Depends(_items)]
ReservationsDep = Annotated[Reservations, Depends(_reservations)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("/items/", tags=["items"])
async def page(items: ItemsDep, limit: Limit = 100, offset: Offset = 0) -> Sequence[Item]:
    """Items in the order of their skus."""
    return await items.page(limit=limit, offset=offset)


@router.post("/items/", tags=["items"], status_code=status.HTTP_201_CREATED, responses=_TAKEN)
async def create(item: Item, items: ItemsDep, response: Response) -> Item:
    """Add an item."""
    response.headers["location"] = f"/items/{item.sku}"
    return await items.add(item)


@router.get("/items/{sku}", tags=["items"], responses=_UNKNOWN)
async def get(sku: Sku, items: ItemsDep) -> Item:
    """One item."""
    return await items.get(sku)


@router.post("/items/{sku}/restock", tags=["items"], responses=_UNKNOWN)
async def restock(sku: Sku, restock: Restock, items: ItemsDep) -> Item:
    """Put more of an item in stock."""
    return await items.restock(sku, restock.quantity)


@router.post("/check", tags=["reservations"], responses=_UNKNOWN)
async def check(basket: Basket, items: ItemsDep) -> Checked:
    """Tell whether these items could be reserved now; nothing is set aside."""
    wanted = basket.quantities()
    stock = await items.stock(list(wanted))
    short = shortages(wanted, stock)
    listed = [Availability(sku=sku, requested=n, available=stock[sku]) for sku, n in wanted.items()]
    return Checked(available=not short, items=listed)


@router.post(
    "/reserve",
    tags=["reservations"],
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": Reservation, "description": "It was reserved before"}, **_UNKNOWN, **_SHORT},
)
async def reserve(body: Reserve, reservations: ReservationsDep, response: Response) -> Reservation:
    """Set items aside, all or none of them. The same request again is answered with what it reserved."""
    reservation, new = await reservations.reserve(body.reservation_id, body.quantities())
    if not new:
        response.status_code = status.HTTP_200_OK
    return reservation


@router.post("/release", tags=["reservations"])
async def release(body: Release, reservations: ReservationsDep) -> Released:
    """Put what is reserved back in stock; doing so again changes nothing."""
    released = await reservations.release(body.reservation_id)
    return Released(reservation_id=body.reservation_id, released=released)


def install(app: FastAPI) -> None:
    """Add the routes, and the answers to what can go wrong in them."""

    async def unknown(_: Request, error: Exception) -> JSONResponse:
        skus = error.skus if isinstance(error, UnknownSkus) else []
        return JSONResponse({"detail": str(error), "unknown": skus}, 404)

    async def short(_: Request, error: Exception) -> JSONResponse:
        items = error.short if isinstance(error, OutOfStock) else []
        return JSONResponse({"detail": str(error), "short": [asdict(item) for item in items]}, 409)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    app.include_router(router)
    app.add_exception_handler(UnknownSkus, unknown)
    app.add_exception_handler(OutOfStock, short)
    app.add_exception_handler(InventoryError, refused)
