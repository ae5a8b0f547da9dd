"""What a service registry lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckStatus(StrEnum):
    """Consul's word for a check, or for all checks of an instance folded.

    MAINTENANCE is only a folded status; ABSENT: the instance is not registered.
    """

    PASSING = "passing"
    WARNING = "warning"
    CRITICAL = "critical"
    MAINTENANCE = "maintenance"
    ABSENT = "absent"


#: The id of the check by which a registry says that a whole node is in maintenance.
NODE_MAINTENANCE = "_node_maintenance"


class RegistryCheckKind(StrEnum):
    """Whom a check is about or how it comes to its status.

    NODE: the machine and all instances on it (``serfHealth``); SERVICE: the agent asks the instance;
    TTL: the instance says it; MAINTENANCE: a person took the instance or its node out.
    """

    NODE = "node"
    SERVICE = "service"
    TTL = "ttl"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an instance as the registry lists it; ``output`` is its text.

    ``since``: Unix seconds at which this status was first seen; None where nobody watches.
    """

    kind: RegistryCheckKind
    id: str
    name: str
    status: CheckStatus
    output: str = ""
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One instance as the registry lists it, with the checks of its own and of its node."""

    id: str
    service: str
    address: str
    port: int
    checks: tuple[Check, ...] = ()
    tags: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key's value; ``index`` is another one after every write of another value."""

    value: bytes
    index: int


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """``entries`` are all keys under a prefix now, ``changed`` those that were written, ``removed`` those that went."""

    entries: Mapping[str, KeyEntry]
    changed: Mapping[str, KeyEntry] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)
