"""`/notify` and `/notifications/`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from meshkit.tracing import failed

from .notifier import Notifier
from .ports import Store, Unavailable
from .schemas import NotificationOut, NotifyIn

router = APIRouter(tags=["notifications"])


def notifier(request: Request) -> Notifier:
    found: Notifier = request.app.state.notifier
    return found


def store(request: Request) -> Store:
    return notifier(request).store


StoreDep = Annotated[Store, Depends(store)]


def install(app: FastAPI) -> None:
    """The routes, and 503 while Redis does not answer."""
    app.include_router(router)
    app.add_exception_handler(Unavailable, _unavailable)


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    failed(error)
    return JSONResponse({"detail": str(error)}, 503, headers={"Retry-After": "1"})


@router.post("/notify", status_code=202, summary="Send a mail about an order")
async def notify(wanted: NotifyIn, notifier: Annotated[Notifier, Depends(notifier)]) -> NotificationOut:
    """Answers when the mail is queued; `GET /notifications/{id}` tells when it is sent."""
    return NotificationOut.of(await notifier.notify(wanted.notification()))


@router.get("/notifications/", summary="Notifications, newest first")
async def index(
    store: StoreDep,
    order_id: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[NotificationOut]:
    found = await store.newest(order_id=order_id, limit=limit, offset=offset)
    return [NotificationOut.of(notification) for notification in found]


@router.get("/notifications/{id}", responses={404: {"description": "no such notification"}})
async def read(id: str, store: StoreDep) -> NotificationOut:
    found = await store.get(id)
    if found is None:
        raise HTTPException(404, f"notification {id} does not exist")
    return NotificationOut.of(found)
