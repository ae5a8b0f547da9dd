"""What the environment decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """`rate_limit` is slowapi's notation and counts per client address; times are seconds."""

    database_url: str
    amqp_url: str
    rate_limit: str
    upstream_timeout_s: float


def read_config(env: Mapping[str, str] = os.environ) -> Config:
    """The configuration of an environment; defaults are those of the bundled stack."""
    return Config(
        database_url=env.get("DATABASE_URL", "postgresql+psycopg://orders:orders@postgres:5432/orders"),
        amqp_url=env.get("AMQP_URL", "amqp://guest:guest@rabbitmq:5672/"),
        rate_limit=env.get("ORDERS_RATE_LIMIT", "600/minute"),
        upstream_timeout_s=float(env.get("ORDERS_UPSTREAM_TIMEOUT", "1.0")),
    )
