"""What the environment decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """`redis_url` may be "": reads go to the database then. `cache_ttl_s` bounds how old a read may be."""

    database_url: str
    redis_url: str
    cache_ttl_s: int = 30
    grpc_port: int = 50051


def read_config(env: Mapping[str, str] = os.environ) -> Config:
    """The configuration of an environment; defaults are those of the bundled stack."""
    return Config(
        database_url=env.get("DATABASE_URL", "postgresql+psycopg://users:users@postgres:5432/users"),
        redis_url=env.get("REDIS_URL", ""),
        cache_ttl_s=int(env.get("USERS_CACHE_TTL", "30")),
    )
