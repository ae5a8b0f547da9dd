"""The service put together: gRPC on 50051, health and metrics over HTTP on 9100."""

from __future__ import annotations

import asyncio
import signal

from mesh_protos.echo.v1.echo_pb2_grpc import add_EchoServiceServicer_to_server
from meshkit.grpc import serve_grpc
from meshkit.logs import capture_stdlib
from meshkit.settings import settings
from meshkit.worker import register_worker

from .service import NAME, EchoService

GRPC_PORT = 50051
METRICS_PORT = 9100


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    capture_stdlib()
    asyncio.run(_serve())


async def _serve() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    servicer = EchoService(settings().instance)
    async with serve_grpc([(add_EchoServiceServicer_to_server, servicer, NAME)], port=GRPC_PORT):
        worker = await asyncio.to_thread(register_worker, port=METRICS_PORT, grpc_port=GRPC_PORT)
        try:
            await stop.wait()
        finally:
            await asyncio.to_thread(worker.leave)
