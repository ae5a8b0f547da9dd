"""What the environment decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    database_url: str


def read_config(env: Mapping[str, str] = os.environ) -> Config:
    """The configuration of an environment; defaults are those of the bundled stack."""
    default = "postgresql+psycopg://inventory:inventory@postgres:5432/inventory"
    return Config(database_url=env.get("DATABASE_URL", default))
