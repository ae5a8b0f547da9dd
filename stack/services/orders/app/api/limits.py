"""How often one client address may order."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from slowapi.util import get_remote_address

from ..core.config import read_config

limiter = Limiter(key_func=get_remote_address)


def rate_limit() -> str:
    """`ORDERS_RATE_LIMIT` in slowapi's notation."""
    return read_config().rate_limit


def too_many(_: Request, error: Exception) -> JSONResponse:
    """429 with the limit that was passed and when it starts anew."""
    if not isinstance(error, RateLimitExceeded):
        raise error
    detail = f"too many orders from here: at most {error.detail}"
    window_s = error.limit.limit.get_expiry() if error.limit else 60
    return JSONResponse({"detail": detail}, 429, headers={"Retry-After": str(window_s)})
