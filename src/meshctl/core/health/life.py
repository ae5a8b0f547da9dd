"""How long an instance may take to get ready, and must have lived: shared by the verdict and by those who wait."""

from __future__ import annotations

from meshctl.model.config import CheckKind, HealthCheck
from meshctl.model.containers import Container

#: This many deaths make a crash loop.
CRASH_LOOP_DEATHS = 3
#: A shorter run is one more turn of a crash loop; what has been restarted must live this long.
SETTLED_S = 10.0
#: What has no check has been ready once it has lived this long, if it was never restarted.
UNCHECKED_S = 0.5


def uptime_s(container: Container, now: float) -> float:
    """Seconds since it started; without end when the runtime does not tell."""
    return float("inf") if container.started_at is None else max(0.0, now - container.started_at)


def lived_s(container: Container, now: float) -> float:
    """How long its last run was, or is."""
    started, finished = container.started_at, container.finished_at
    # While it runs the runtime still tells when the run before was over.
    over = started is not None and finished is not None and finished >= started
    return uptime_s(container, finished if over and finished is not None else now)


def budget_s(check: HealthCheck) -> float:
    """How long after its start nothing is held against an instance that has not been ready yet."""
    return SETTLED_S if check.kind is CheckKind.NONE else check.budget_s


def must_live_s(check: HealthCheck, restarts: int) -> float:
    """How long an instance that was restarted so often must run before it counts as ready."""
    unchecked = check.kind is CheckKind.NONE and restarts > 0
    return SETTLED_S if unchecked or restarts >= CRASH_LOOP_DEATHS else 0.0
