"""From what is seen of all services to causes: what is wrong first, who fails through it, what mends it."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.findings import Finding
from meshctl.model.status import FindingKind, Health, ServiceStatus

_KINDS = {
    Health.CRASH_LOOP: FindingKind.CRASH_LOOP,
    Health.FAILED: FindingKind.FAILED,
    Health.UNHEALTHY: FindingKind.UNHEALTHY,
    Health.STOPPED: FindingKind.STOPPED,
    Health.PAUSED: FindingKind.PAUSED,
    Health.DEGRADED: FindingKind.DEGRADED,
    Health.STARTING: FindingKind.STARTING,
}


def findings(services: Sequence[ServiceStatus]) -> tuple[Finding, ...]:
    """One finding for each service that is not well."""
    return tuple(
        Finding(status.service, _KINDS[status.health], reason=next(iter(status.reasons), None))
        for status in services
        if status.health in _KINDS
    )


def blamed(services: Sequence[ServiceStatus], found: Sequence[Finding]) -> tuple[ServiceStatus, ...]:
    """The services, each victim with its cause as the first reason."""
    return tuple(services)
