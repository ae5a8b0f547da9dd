"""What the environment decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    redis_url: str
    broker_url: str
    amqp_url: str


def read_config(env: Mapping[str, str] = os.environ) -> Config:
    """The configuration of an environment; defaults are those of the bundled stack."""
    redis_url = env.get("REDIS_URL", "redis://redis:6379/1")
    return Config(
        redis_url=redis_url,
        broker_url=env.get("CELERY_BROKER_URL", redis_url),
        amqp_url=env.get("AMQP_URL", "amqp://guest:guest@rabbitmq:5672/"),
    )
