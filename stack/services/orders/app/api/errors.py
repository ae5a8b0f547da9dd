"""Order errors as HTTP answers."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from slowapi.errors import RateLimitExceeded

from meshkit.tracing import failed

from ..core.errors import (
    KeyReused,
    OrderError,
    OutOfStock,
    Unavailable,
    UnknownItems,
    UnknownOrder,
    UnknownUser,
)
from .limits import too_many

STATUS: dict[type[OrderError], int] = {
    UnknownUser: 404,
    UnknownItems: 404,
    UnknownOrder: 404,
    OutOfStock: 409,
    KeyReused: 422,
    Unavailable: 503,
}


def install(app: FastAPI) -> None:
    """Answer every OrderError and a passed rate limit with JSON that has a `detail`."""
    app.add_exception_handler(OrderError, answer)
    app.add_exception_handler(RateLimitExceeded, too_many)


async def answer(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OrderError):
        raise error
    status = STATUS.get(type(error), 500)
    if status >= 500:
        failed(error)
    return JSONResponse(error.body(), status, headers={"Retry-After": "1"} if status == 503 else None)
