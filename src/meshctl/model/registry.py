"""What a service registry lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckStatus(StrEnum):
    """Consul's word for a check; ABSENT: the instance is not registered."""

    PASSING = "passing"
    WARNING = "warning"
    CRITICAL = "critical"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Registration:
    """One instance as the registry lists it; ``output`` is the failing check's text."""

    id: str
    service: str
    address: str
    port: int
    status: CheckStatus
    tags: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
