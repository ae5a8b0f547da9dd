"""`mesh_app`: makes a FastAPI application a service of the mesh."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info, latency, requests

from .clients.grpc import close_grpc_clients
from .clients.http import close_http_clients
from .consul import Consul
from .discovery import shared_directory
from .errors import UpstreamError
from .http import Observed, Ready, add_routes, upstream_failed
from .logs import log
from .metrics import LATENCY_BUCKETS
from .registration import Ports, Registration, http_probe
from .settings import Settings, settings

Instrumentation = Callable[[Info], None]

_CONSUL_WAIT_S = 60.0


class Mesh:
    """The application's place in the mesh; without CONSUL_HTTP_ADDR it is not registered anywhere."""

    def __init__(self, own: Settings, ports: Ports) -> None:
        self.own = own
        self.ports = ports
        self._consul: Consul | None = None
        self._registration: Registration | None = None

    async def join(self) -> None:
        """Wait for Consul, TimeoutError after a minute, and register as soon as the application listens."""
        if not self.own.consul_url:
            log.info("registry.none")
            return
        self._consul = Consul(self.own.consul_url)
        await self._consul.wait_ready(_CONSUL_WAIT_S)
        self._registration = Registration(self._consul, self.own, self.ports, http_probe(self.ports.main))
        self._registration.begin()

    async def leave(self) -> None:
        """Take the registration back; may be called twice."""
        if self._registration is not None:
            await self._registration.leave()
        consul, self._consul = self._consul, None
        if consul is not None:
            await consul.close()

    async def close(self) -> None:
        """Leave, and close what calls to others have opened."""
        await self.leave()
        await close_http_clients()
        await close_grpc_clients()
        await shared_directory().close()


def mesh_app(app: FastAPI, ready: Ready | None = None, *, port: int = 8000, grpc_port: int | None = None) -> Mesh:
    """Add /health, /metrics, JSON logs, traces, JSON errors and the registration to `app`.

    `ready` is awaited by /health and raises what is wrong. `grpc_port` is announced as `meta.grpc_port`.
    """
    mesh = Mesh(settings(), Ports(main=port, grpc=grpc_port))
    app.state.mesh = mesh
    add_routes(app, ready)
    app.add_exception_handler(UpstreamError, upstream_failed)
    instrumentator = Instrumentator(should_group_status_codes=False, excluded_handlers=["^/health$", "^/metrics$"])
    instrumentator.add(*_request_metrics()).instrument(app)
    app.add_middleware(Observed)
    _wrap_lifespan(app, mesh)
    return mesh


@lru_cache(maxsize=1)
def _request_metrics() -> list[Instrumentation]:
    """http_requests_total and http_request_duration_seconds, registered once a process."""
    return [one for one in (requests(), latency(buckets=LATENCY_BUCKETS)) if one is not None]


def _wrap_lifespan(app: FastAPI, mesh: Mesh) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            try:
                await mesh.join()
                yield state
            finally:
                await mesh.close()

    app.router.lifespan_context = lifespan
