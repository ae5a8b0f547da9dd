"""Whom the query API answers: nobody who was led here by a name that is not ours (DNS rebinding), no foreign page."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Says nothing but that it runs; probes come by addresses that nobody has listed.
_HEALTH = "/health"

_OWN = ("localhost", "127.0.0.1", "::1")


class Guard:
    """ASGI middleware. The name in ``Host`` must be this machine's or an allowed one, whatever its port."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = {_name(host.lower()) for host in (*_OWN, *allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if scope["path"] == _HEALTH:
            await self._app(scope, receive, send)
        elif _name(host) not in self._allowed:
            refusal = f"this collector does not answer to the name {_name(host)[:80]!r}; allow it with --allow-host"
            await JSONResponse({"error": refusal}, 421)(scope, receive, send)
        elif origin and origin.partition("://")[2] != host:
            await JSONResponse({"error": "a page of another origin may not read traces"}, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _name(host: str) -> str:
    """A host without its port; of ``[::1]:16686`` it is ``::1``."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]
