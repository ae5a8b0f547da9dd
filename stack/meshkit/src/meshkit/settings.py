"""Who this process is, from the environment that meshctl gives every container."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Settings:
    """`consul_url` is '' when no registry is configured: nothing is registered then. `version` may be ''."""

    project: str
    service: str
    instance: str
    consul_url: str
    log_level: str
    faults: bool
    version: str = ""


def read_settings(env: Mapping[str, str]) -> Settings:
    """Settings of an environment; what is missing gets a value that suits a process outside the mesh."""
    service = env.get("MESH_SERVICE") or "service"
    return Settings(
        project=env.get("MESH_PROJECT") or "default",
        service=service,
        instance=env.get("MESH_INSTANCE") or f"{service}-{socket.gethostname()}",
        consul_url=_url(env.get("CONSUL_HTTP_ADDR") or ""),
        log_level=(env.get("LOG_LEVEL") or "info").lower(),
        faults=env.get("MESH_FAULTS") == "1",
        version=env.get("MESH_VERSION") or "",
    )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings(os.environ)


def _url(address: str) -> str:
    if not address or "://" in address:
        return address.rstrip("/")
    return f"http://{address}"
