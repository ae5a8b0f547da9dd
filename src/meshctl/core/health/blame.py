"""Who fails through whom: from the causes of single services to the few that explain the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from meshctl.core.health.causes import Cause, of_node
from meshctl.core.jobs import is_done, may_end
from meshctl.core.traces.edges import CALL
from meshctl.model.config import MeshConfig, ServiceKind
from meshctl.model.containers import Container, ContainerState
from meshctl.model.status import FindingKind, Health, Reason, ReasonKind, ServiceStatus
from meshctl.model.traces import ServiceEdge

#: What leaves a service partly at work explains no more than these.
_MILD = (Health.DEGRADED, Health.STARTING, Health.WAITING)
_PARTIAL = (FindingKind.DEGRADED, FindingKind.TOO_FEW)
#: What is wrong with the registry's list, while the registry itself may be well.
_AT_REGISTRY = (FindingKind.REGISTRY_SILENT, FindingKind.REGISTRY_EMPTY, FindingKind.MAINTENANCE)


@dataclass(slots=True)
class Blamed:
    """A cause that is nobody else's fault, and who fails through it, nearest first."""

    cause: Cause
    victims: list[str] = field(default_factory=list)


def needs(config: MeshConfig, edges: Iterable[ServiceEdge]) -> dict[str, set[str]]:
    """Whom each service cannot do without: by ``depends_on``, by the calls that were seen, and the registry.

    Of messages only the broker is needed: who takes them may come later.
    """
    named = {spec.mesh.register: name for name, spec in config.services.items() if spec.mesh.register}
    named |= {name: name for name in config.services}
    found = {name: {edge.service for edge in spec.depends_on} for name, spec in config.services.items()}
    for edge in edges:
        caller, target = named.get(edge.caller), named.get(edge.target)
        if caller is None or target is None or caller == target:
            continue
        if edge.kind == CALL or config.services[target].kind is ServiceKind.INFRASTRUCTURE:
            found[caller].add(target)
    if config.registry:
        for name, spec in config.services.items():
            if spec.mesh.register and name != config.registry:
                found[name].add(config.registry)
    return found


def who_needs_what_is_down(config: MeshConfig, containers: Iterable[Container]) -> set[str]:
    """All that need a service none of whose instances runs, by the file, over others or not. No job that is over."""
    seen: dict[str, bool] = {}
    for one in containers:
        spec = config.services.get(one.service)
        over = is_done(one) and spec is not None and may_end(config, spec)
        seen[one.service] = seen.get(one.service, False) or one.state is ContainerState.RUNNING or over
    reached = [service for service, up in seen.items() if not up]
    found = set[str]()
    for service in reached:
        for name, spec in config.services.items():
            if name not in found and any(edge.service == service for edge in spec.depends_on):
                found.add(name)
                reached.append(name)
    return found


def blame(
    statuses: Sequence[ServiceStatus],
    causes: Mapping[str, Sequence[Cause]],
    needed: Mapping[str, set[str]],
    registry: str,
) -> list[Blamed]:
    """The causes that explain the others, and those that nothing explains. ``causes`` has those of each service."""
    court = _Court(statuses, causes, needed, registry)
    for cause in (cause for found in causes.values() for cause in found if cause.own):
        court.accuse(cause)
    while court.open:
        court.accuse(court.first_open())
    return court.found


class _Court:
    """``open`` are services with a cause that is not explained yet."""

    def __init__(
        self,
        statuses: Sequence[ServiceStatus],
        causes: Mapping[str, Sequence[Cause]],
        needed: Mapping[str, set[str]],
        registry: str,
    ) -> None:
        self.found: list[Blamed] = []
        self._statuses = {status.service: status for status in statuses}
        self._needed = needed
        self._registry = registry
        self._explicable = {
            service: next(cause for cause in found if not cause.own)
            for service, found in causes.items()
            if any(not cause.own for cause in found)
        }
        self.open = dict(self._explicable)

    def accuse(self, cause: Cause) -> None:
        """Its victims are those who need it, over services that fail through it themselves."""
        if not cause.own:
            del self.open[cause.service]
        victims: dict[str, None] = {}
        reached = [cause.service]
        for service in reached:
            for other in self._explicable:
                if other in victims or other == cause.service or service not in self._needed.get(other, ()):
                    continue
                if self._explains(cause, other):
                    victims[other] = None
                    reached.append(other)
        for victim in victims:
            self.open.pop(victim, None)
        if cause.own or victims or not cause.waits:
            self.found.append(Blamed(cause, list(victims)))

    def first_open(self) -> Cause:
        """One that needs no other open one; of those that need each other in a circle the gravest."""
        free = [
            cause
            for service, cause in self.open.items()
            if not any(
                other in self._needed.get(service, ()) and self._explains(at, service)
                for other, at in self.open.items()
                if other != service
            )
        ]
        return min(free or self.open.values(), key=lambda cause: (cause.waits, cause.severity))

    def _explains(self, cause: Cause, victim: str) -> bool:
        status = self._statuses[victim]
        reasons = [reason for reason in status.reasons if reason.kind is not ReasonKind.TOO_FEW]
        at_registry = cause.service == self._registry
        if at_registry and cause.kind in _AT_REGISTRY:
            return any(_of_registry(reason) or reason.kind is ReasonKind.NOT_REGISTERED for reason in reasons)
        if not at_registry and reasons and all(map(_of_registry, reasons)):
            return False
        return status.health in _MILD or not self._is_partial(cause)

    def _is_partial(self, cause: Cause) -> bool:
        """Whether the service still does a part of its work."""
        if cause.kind is FindingKind.DISK_FULL:
            return False
        status = self._statuses[cause.service]
        if cause.kind is FindingKind.CUT_OFF:
            return len(cause.instances) < len(status.instances)
        return cause.kind in _PARTIAL or status.ready > 0


def _of_registry(reason: Reason) -> bool:
    """Whether it is about the registry itself and not about the instance."""
    return reason.kind is ReasonKind.REGISTRY_SILENT or (reason.kind is ReasonKind.CHECK_FAILS and of_node(reason))
