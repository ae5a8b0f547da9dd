"""A gRPC server with health, reflection, trace context, metrics and a log line for every call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from .grpc_observed import Observed
from .logs import log

Servicer = tuple[Callable[[Any, Any], None], Any, str]
"""The generated `add_…_to_server`, the servicer, and the full name such as "users.v1.UserService"."""

_GRACE_S = 0.5


@asynccontextmanager
async def serve_grpc(servicers: Sequence[Servicer], *, port: int = 50051) -> AsyncIterator[grpc.aio.Server]:
    """A running server on `port`; leaving the block says NOT_SERVING, gives calls half a second, and stops.

    RuntimeError if the port is taken.
    """
    server = grpc.aio.server(interceptors=[Observed()], options=[("grpc.so_reuseport", 0)])
    healthy = health.aio.HealthServicer()  # type: ignore[attr-defined]
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    names = [health.SERVICE_NAME, reflection.SERVICE_NAME]
    for add, servicer, name in servicers:
        add(servicer, server)
        names.append(name)
        await healthy.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection(names, server)
    server.add_insecure_port(f"0.0.0.0:{port}")
    await server.start()
    log.info("grpc.serving", port=port, services=names[2:])
    try:
        yield server
    finally:
        await healthy.enter_graceful_shutdown()
        await server.stop(_GRACE_S)
