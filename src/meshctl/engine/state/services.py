"""How the services go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshctl.engine.state.topic import Topic, both
from meshctl.model.findings import Finding
from meshctl.model.status import ServiceStatus
from meshctl.ports.world import Clock


@dataclass(frozen=True, slots=True)
class ServicesState:
    """In the file's order; ``findings`` have the cause first.

    ``observed_at`` is when the runtime last answered, None before it ever has.
    """

    services: tuple[ServiceStatus, ...] = ()
    observed_at: float | None = None
    findings: tuple[Finding, ...] = ()


class ServicesTopic(Topic[ServicesState, frozenset[str]]):
    """A change is the names of the services that changed, came or went."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(ServicesState(), clock, both)

    def set(
        self, services: Iterable[ServiceStatus], observed_at: float | None, findings: tuple[Finding, ...] = ()
    ) -> None:
        """All services as they are judged now. That the runtime has answered again changes nothing by itself."""
        before = {status.service: status for status in self.value.services}
        fresh = ServicesState(tuple(services), observed_at, findings)
        known = self.value.findings
        after = {status.service: status for status in fresh.services}
        changed = frozenset(name for name in {**before, **after} if before.get(name) != after.get(name))
        first = self.value.observed_at is None and observed_at is not None
        told = bool(changed) or first or list(before) != list(after) or known != findings
        self.publish(fresh, changed if told else None)
