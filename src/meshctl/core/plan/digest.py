"""What makes a container out of date: a digest over the parts of a service that a container is made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from meshctl.model.config import ServiceSpec

#: Parts that say when or how many, not what: a change of these recreates nothing.
_NOT_IN_A_CONTAINER = ("replicas", "depends_on", "healthcheck", "profiles", "build")


def config_hash(spec: ServiceSpec) -> str:
    """Twelve hex digits, the same for the same container on every machine and Python."""
    fields: dict[str, Any] = asdict(spec)
    for name in _NOT_IN_A_CONTAINER:
        del fields[name]
    text = json.dumps(fields, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
