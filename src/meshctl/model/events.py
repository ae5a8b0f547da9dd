"""What happened to a mesh, as facts: sentences are made where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshctl.model.status import Health, Reason


class EventKind(StrEnum):
    """RESTARTED: it came back after a death; RESTARTED_ON_REQUEST: somebody asked for it."""

    STARTED = "started"
    STOPPED = "stopped"
    DIED = "died"
    RESTARTED = "restarted"
    RESTARTED_ON_REQUEST = "restarted_on_request"
    PAUSED = "paused"
    RESUMED = "resumed"
    REMOVED = "removed"
    SCALED = "scaled"
    BECAME_HEALTHY = "became_healthy"
    RECOVERED = "recovered"
    BECAME_UNHEALTHY = "became_unhealthy"
    WATCH_FAILED = "watch_failed"


@dataclass(frozen=True, slots=True)
class MeshEvent:
    """One thing that happened at ``time``, Unix seconds; ``instance`` is '' when it is about the whole service.

    ``exit_code`` and ``oom``: how the process ended before a stop, death or restart. ``before`` and ``after`` are
    numbers of instances (SCALED) or verdicts. ``since`` is when an instance that became healthy was started, or when
    one that stopped was asked to.
    """

    kind: EventKind
    time: float
    service: str
    instance: str = ""
    exit_code: int | None = None
    oom: bool = False
    before: int | Health | None = None
    after: int | Health | None = None
    reason: Reason | None = None
    since: float | None = None
