"""The base images of this machine: what set-up chose, else the public ones, pulled when they are not here."""

from __future__ import annotations

import os
from pathlib import Path

_PUBLIC = {
    "MESH_PYTHON_BASE": "python:3.11-slim-bookworm",
    "MESH_CONSUL_IMAGE": "hashicorp/consul:1.20",
    "MESH_POSTGRES_IMAGE": "postgres:15-bookworm",
    "MESH_REDIS_IMAGE": "redis:7-bookworm",
}


def base_image(variable: str) -> str:
    """The reference that ``meshctl.yaml`` resolves ``variable`` to; it is here afterwards."""
    import docker

    env = Path(__file__).resolve().parents[1] / ".env"
    lines = env.read_text().splitlines() if env.exists() else []
    chosen = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    reference = os.environ.get(variable) or chosen.get(variable) or _PUBLIC[variable]
    client = docker.from_env()
    try:
        if not client.images.list(name=reference):
            client.images.pull(reference)
    finally:
        client.close()
    return reference
