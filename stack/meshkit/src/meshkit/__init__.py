"""What a Python service owes the mesh. See README.md for the few names a service needs.

The names load on first use, so that a worker without FastAPI does not pay for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Mesh as Mesh
    from .app import mesh_app as mesh_app
    from .clients.grpc import GrpcClient as GrpcClient
    from .clients.http import HttpClient as HttpClient
    from .discovery import FixedDirectory as FixedDirectory
    from .errors import UpstreamError as UpstreamError
    from .errors import UpstreamUnavailable as UpstreamUnavailable
    from .logs import log as log
    from .server import run as run

_HOME = {
    "FixedDirectory": "discovery",
    "GrpcClient": "clients.grpc",
    "HttpClient": "clients.http",
    "Mesh": "app",
    "UpstreamError": "errors",
    "UpstreamUnavailable": "errors",
    "log": "logs",
    "mesh_app": "app",
    "run": "server",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
