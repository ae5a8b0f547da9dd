"""`/orders/`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from meshkit import log

from ..core.errors import OrderError
from ..core.metrics import ORDERS
from ..core.saga import Saga
from ..db.orders import SqlOrders
from ..schemas import OrderIn, OrderOut
from .limits import limiter, rate_limit

router = APIRouter(prefix="/orders", tags=["orders"])


def saga(request: Request) -> Saga:
    found: Saga = request.app.state.saga
    return found


def store(request: Request) -> SqlOrders:
    found: SqlOrders = request.app.state.orders
    return found


SagaDep = Annotated[Saga, Depends(saga)]
StoreDep = Annotated[SqlOrders, Depends(store)]
OrderId = Annotated[int, Path(ge=1, lt=2**63)]
Key = Annotated[str, Header(max_length=200, description="the same key and body: the same order")]


def _says(description: str) -> dict[str, Any]:
    return {"description": description}


TAKING: dict[int | str, dict[str, Any]] = {
    404: _says("no such user or item"),
    409: _says("not enough stock; `short` tells of what"),
    429: _says("too many orders from one address"),
    503: _says("a service the order needs does not answer; nothing was kept of it"),
}


@router.post("/", status_code=201, responses=TAKING, summary="Take an order")
@limiter.limit(rate_limit)
async def create(request: Request, order: OrderIn, saga: SagaDep, idempotency_key: Key = "") -> OrderOut:
    """Checks the user, reserves the stock and stores the order; `order.created` follows."""
    try:
        placed, new = await saga.place(order.request(idempotency_key))
    except OrderError as error:
        ORDERS.labels(error.outcome).inc()
        log.warning("order.refused", user_id=order.user_id, outcome=error.outcome, reason=str(error))
        raise
    if new:
        ORDERS.labels(placed.status).inc()
    log.info("order.confirmed", order_id=placed.id, user_id=placed.user_id, new=new)
    return OrderOut.of(placed)


@router.get("/", summary="Orders, newest first")
async def index(
    store: StoreDep,
    user_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> list[OrderOut]:
    return [OrderOut.of(order) for order in await store.newest(user_id=user_id, limit=limit, offset=offset)]


@router.get("/{order_id}", responses={404: _says("no such order")}, summary="One order")
async def read(order_id: OrderId, store: StoreDep) -> OrderOut:
    return OrderOut.of(await store.get(order_id))


@router.post("/{order_id}/cancel", responses={404: _says("no such order")}, summary="Cancel an order")
async def cancel(order_id: OrderId, saga: SagaDep) -> OrderOut:
    """Gives the stock back. An order that is cancelled already stays so."""
    order, changed = await saga.cancel(order_id)
    if changed:
        ORDERS.labels(order.status).inc()
        log.info("order.cancelled", order_id=order.id, user_id=order.user_id)
    return OrderOut.of(order)
