"""HTTP calls to another service of the mesh by its registry name."""

from __future__ import annotations

import re
import weakref
from functools import lru_cache
from typing import Any

import httpx
from opentelemetry.trace import Span, StatusCode

from meshkit import tracing
from meshkit.consul import Instance
from meshkit.discovery import Directory
from meshkit.errors import UpstreamError, UpstreamUnavailable

from .resilience import Call, Resilience

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, 9.2.2
_TRANSIENT = frozenset({502, 503, 504})
_ID = re.compile(r"/(?:\d+|[0-9a-f]{32}|[0-9a-f-]{36})(?=/|$)", re.IGNORECASE)
_open: weakref.WeakSet[HttpClient] = weakref.WeakSet()


class HttpClient:
    """A client of `target`, its name in Consul. `timeout_s` holds for each of up to `attempts` attempts."""

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = 2.0,
        attempts: int = 3,
        directory: Directory | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.target = target
        self._timeout_s = timeout_s
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self._resilience = Resilience(target, attempts=attempts, directory=directory)

    async def request(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool | None = None,
        timeout_s: float | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """The response, if its status is below 500; `options` (json, params, content) are httpx's.

        UpstreamUnavailable: no answer, or 502, 503 or 504, after the attempts. UpstreamError: another status
        from 500 on. What is not `idempotent` (default: by the method) is not sent twice.
        """
        safe = method.upper() in _IDEMPOTENT if idempotent is None else idempotent
        limit = timeout_s or self._timeout_s

        async def send(instance: Instance, span: Span) -> httpx.Response:
            span.set_attributes({"server.address": instance.address, "server.port": instance.port})
            sent = {**(headers or {}), **tracing.headers()}
            try:
                answer = await self._client().request(
                    method, f"{instance.http}{path}", headers=sent, timeout=limit, **options
                )
            except httpx.TransportError as error:
                raise self._unanswered(error, instance, limit) from error
            _tell(span, answer.status_code)
            return self._judged(answer, instance)

        return await self._resilience.run(_call(method, path), send, idempotent=safe)

    async def close(self) -> None:
        client, self._http = self._http, None
        if client is not None:
            await client.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            # The mesh speaks plain HTTP; loading a CA bundle would take 100 ms.
            self._http = httpx.AsyncClient(transport=self._transport, trust_env=False, verify=False)
            _open.add(self)
        return self._http

    def _unanswered(self, error: httpx.TransportError, instance: Instance, limit: float) -> UpstreamUnavailable:
        sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        reason = f"no answer within {limit:g} s" if isinstance(error, httpx.TimeoutException) else str(error)
        return UpstreamUnavailable(self.target, f"{instance.id}: {reason or type(error).__name__}", sent=sent)

    def _judged(self, answer: httpx.Response, instance: Instance) -> httpx.Response:
        status = answer.status_code
        if status in _TRANSIENT:
            raise UpstreamUnavailable(self.target, f"{instance.id} answered {status}", status=status)
        if status >= 500:
            raise UpstreamError(self.target, f"{instance.id} answered {status}", status=status)
        return answer


@lru_cache(maxsize=512)
def _call(method: str, path: str) -> Call:
    """Spans of a path are named alike, whatever ids it holds."""
    plain = path.partition("?")[0]
    name = f"{method.upper()} {_ID.sub('/{id}', plain)}"
    return Call(name, {"http.request.method": method.upper(), "url.path": plain})


def _tell(span: Span, status: int) -> None:
    """For a client an answer of 4xx is an error too (OpenTelemetry's conventions for HTTP)."""
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        span.set_attribute("error.type", str(status))
        span.set_status(StatusCode.ERROR, f"HTTP {status}")


async def close_http_clients() -> None:
    """Close every client of this process that has been used."""
    for client in list(_open):
        await client.close()
