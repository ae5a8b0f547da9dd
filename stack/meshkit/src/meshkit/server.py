"""Runs a service's application until SIGTERM."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from . import tracing
from .app import Mesh
from .logs import capture_stdlib

_DRAIN_S = 1


class _Server(uvicorn.Server):
    """Takes the registration back before it stops listening, so that no new call comes in meanwhile."""

    def __init__(self, config: uvicorn.Config, mesh: Mesh) -> None:
        super().__init__(config)
        self._mesh = mesh

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._mesh.leave()
        await super().shutdown(sockets)


def run(app: FastAPI) -> None:
    """Serve an application that `mesh_app` has prepared. Exits 0 after SIGTERM, 3 if it could not start."""
    mesh: Mesh = app.state.mesh
    signal.signal(signal.SIGTERM, _leave)
    capture_stdlib()
    tracing.start()
    config = uvicorn.Config(
        app,
        host="0.0.0.0",
        port=mesh.ports.main,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_DRAIN_S,
    )
    try:
        _Server(config, mesh).run()
    finally:
        tracing.shutdown()


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(0)
