"""How it goes: three truths per instance and the verdict they fold into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshctl.model.config import ServiceKind
from meshctl.model.containers import ContainerState, RuntimeEvent
from meshctl.model.registry import CheckStatus as CheckStatus
from meshctl.model.registry import Registration as Registration
from meshctl.model.traces import CollectorStatus, TraceSummary


class Health(StrEnum):
    """The verdict shown to people and scripts."""

    HEALTHY = "healthy"
    STARTING = "starting"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    STOPPED = "stopped"
    CRASH_LOOP = "crash_loop"
    DONE = "done"
    PAUSED = "paused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """meshctl's own check of one instance. ``detail`` says why not, for a person."""

    ok: bool
    detail: str = ""
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """One instance. ``probe``/``registry`` None: not asked (nothing to probe, not registered by design)."""

    id: str
    container: str
    container_id: str
    state: ContainerState
    health: Health
    reasons: tuple[str, ...] = ()
    ports: Mapping[str, str] = field(default_factory=dict)
    probe: ProbeResult | None = None
    registry: CheckStatus | None = None
    restarts: int = 0
    started_at: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service: the worst of its instances, against what is desired. ``state`` is a word for people."""

    service: str
    kind: ServiceKind
    state: str
    health: Health
    ready: int
    desired: int
    restarts: int = 0
    reasons: tuple[str, ...] = ()
    instances: tuple[InstanceStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkState:
    """The connection to one source of truth ('docker', 'consul'); ``since`` Unix seconds of the last change.

    ``detail`` is its version or tally when up, why not when down; ``hint`` the next step or ''.
    """

    name: str
    up: bool
    since: float
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU (fraction of a core) history, oldest first, and memory in bytes now, summed over a service's instances."""

    cpu: tuple[float, ...] = ()
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the event feed; ``instance`` is '' when it is about the whole service."""

    time: float
    service: str
    text: str
    bad: bool = False
    instance: str = ""


@dataclass(frozen=True, slots=True)
class MeshState:
    """All that a view shows, at one moment. ``observed_at`` is when the engine last answered.

    ``traces`` are the newest ones, newest first; ``collector`` is None until it has answered once.
    """

    project: str
    services: tuple[ServiceStatus, ...] = ()
    links: tuple[LinkState, ...] = ()
    usage: Mapping[str, Usage] = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    events: tuple[RuntimeEvent, ...] = ()
    traces: tuple[TraceSummary, ...] = ()
    collector: CollectorStatus | None = None
    observed_at: float | None = None
    revision: int = 0
