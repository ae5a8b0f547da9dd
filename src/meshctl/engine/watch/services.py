"""Judges the services anew whenever one of the three truths about them changes, and writes what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from meshctl.core.health.facts import Facts
from meshctl.core.health.findings import blamed, findings, is_well
from meshctl.core.health.service import READY
from meshctl.core.registry import first_seen, fold_checks
from meshctl.engine.run_memory import RunMemory
from meshctl.engine.state.links import Source
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.watch.event_log import EventLog
from meshctl.engine.watch.inventory import Inventory
from meshctl.engine.watch.verdict import in_play, judge
from meshctl.model.containers import Container, ContainerState, Observed, RuntimeEvent, RuntimeInfo
from meshctl.model.registry import CheckStatus, Registration
from meshctl.model.status import Health, InstanceStatus, ProbeResult, ServiceStatus

#: What tells whether the same is not well as before.
_Unwell = tuple[Hashable, ...]

_TROUBLED = (CheckStatus.WARNING, CheckStatus.CRITICAL, CheckStatus.MAINTENANCE)


class ServicesWriter:
    """Hears of containers, probes and the registry. ``generation`` counts the runtime's events."""

    def __init__(self, inventory: Inventory, state: MeshState, log: EventLog, memory: RunMemory) -> None:
        self.inventory = inventory
        self.generation = 0
        self._observations = inventory.observations
        self._config = inventory.config
        self._clock = inventory.clock
        self._state = state
        self._log = log
        self._memory = memory
        self._judged: dict[str, InstanceStatus] = {}
        self._counts: dict[str, int] | None = None
        self._registrations: tuple[Registration, ...] = ()
        self._facts = Facts()
        self._unwell: _Unwell = ()
        #: Set when other services are not well than before, or in another way.
        self.turned = asyncio.Event()

    # -- the runtime

    def runtime_up(self, info: RuntimeInfo) -> None:
        self._state.links.up(Source.RUNTIME, info.name, info.version)

    def runtime_lost(self, why: str, hint: str = "") -> None:
        """What was known stays; events kept the picture true until this moment."""
        if self._state.links.is_up(Source.RUNTIME):
            self.inventory.observed_at = self._clock.now()
        self.publish()
        self._state.links.lost(Source.RUNTIME, "", why, hint)

    def observed(self, seen: Observed) -> None:
        """A full list from the runtime replaces what was known."""
        fresh = {c.id: c for c in sorted(seen.containers, key=lambda c: (c.service, c.instance))}
        counts = dict(Counter(c.service for c in fresh.values()))
        now = self._clock.now()
        if self._counts is not None:
            self._log.counted(self._counts, counts, now)
        self._counts = counts
        self.inventory.observed_at = now
        self._contain(fresh)

    def heard(self, event: RuntimeEvent) -> None:
        """One event: recorded, and applied to its container, so that a death shows at once."""
        self.generation += 1
        self._log.heard(event)
        self._observations.note_event(event)
        containers = dict(self._observations.containers)
        container = containers.get(event.container_id)
        if container is not None:
            if event.action == "destroy":
                del containers[event.container_id]
            else:
                containers[event.container_id] = _after(container, event)
        self._contain(containers)

    # -- probes and the registry

    def probed(self, container_id: str, result: ProbeResult) -> None:
        """A probe's answer; one that says the same as before changes nothing."""
        if self._observations.note_probe(container_id, result):
            self.publish()

    def registry_up(self, registrations: Sequence[Registration]) -> None:
        """The whole list, as the registry holds it now."""
        self._registrations = first_seen(self._registrations, registrations, self._clock.now())
        self._observations.registrations = self._registrations
        self._observations.registry_error = ""
        self._state.links.up(Source.REGISTRY, self._config.registry, self._tally(registrations))
        self.publish()

    def registry_lost(self, why: str) -> None:
        self._observations.registrations = None
        self._observations.registry_error = why
        self._state.links.lost(Source.REGISTRY, self._config.registry, why)
        self.publish()

    # -- what explains it

    @property
    def unwell(self) -> bool:
        """Whether there is something to explain."""
        return bool(self._unwell)

    def learn(self, facts: Facts) -> None:
        """What was gathered besides; the containers are known better here."""
        self._facts = facts
        self.publish()

    # -- publishing

    def publish(self) -> None:
        """Judge everything as of now."""
        now = self._clock.now()
        # Before the first list nothing is known, which is not the same as nothing running.
        judged = judge(self._observations, self._memory, now) if self.inventory.observed_at is not None else ()
        services = tuple(status for status in judged if in_play(self._config, status))
        for one in (instance for service in services for instance in service.instances):
            if one.health is Health.HEALTHY:
                self._memory.note_ready(self._observations.containers[one.container_id])
        if self._state.links.is_up(Source.RUNTIME):
            instances = [instance for service in services for instance in service.instances]
            self._log.judged(self._judged, instances, now)
            self._judged = {instance.id: instance for instance in instances}
        facts = replace(self._facts, containers=tuple(self._observations.containers.values()))
        self._turn(() if is_well(services, facts, now) else _not_well(services))
        found = findings(self._config, services, facts, now)
        self._state.services.set(blamed(services, found), self.inventory.observed_at, found)

    def _turn(self, unwell: _Unwell) -> None:
        if unwell != self._unwell:
            self._unwell = unwell
            self.turned.set()

    def _contain(self, fresh: dict[str, Container]) -> None:
        self.inventory.contain(fresh)
        self.publish()

    def _tally(self, registrations: Sequence[Registration]) -> str:
        """``10 passing, 1 critical`` over the project's instances."""
        known = {c.instance_id for c in self._observations.containers.values()}
        ours = [r for r in registrations if r.meta.get("project") == self._config.name or r.id in known]
        counts = Counter(fold_checks(r.checks) for r in ours)
        words = [f"{counts[CheckStatus.PASSING]} passing"]
        words += [f"{counts[s]} {s}" for s in _TROUBLED if counts[s]]
        return ", ".join(words)


def _not_well(services: Sequence[ServiceStatus]) -> _Unwell:
    """The runs of those that are not well; where all are, something is short."""
    runs = (
        (one.id, one.state, one.started_at, status.health)
        for status in services
        if status.health not in READY
        for one in status.instances
    )
    return tuple(runs) or ("short",)


def _died(container: Container, event: RuntimeEvent) -> Container:
    return replace(container, state=ContainerState.EXITED, exit_code=event.exit_code, finished_at=event.time, ports={})


def _started(container: Container, event: RuntimeEvent) -> Container:
    # Published ports may have moved: the next full list brings them.
    return replace(container, state=ContainerState.RUNNING, started_at=event.time, exit_code=None, ports={})


_CHANGES: dict[str, Callable[[Container, RuntimeEvent], Container]] = {
    "die": _died,
    "start": _started,
    "oom": lambda container, event: replace(container, oom_killed=True),
    "pause": lambda container, event: replace(container, state=ContainerState.PAUSED),
    "unpause": lambda container, event: replace(container, state=ContainerState.RUNNING),
}


def _after(container: Container, event: RuntimeEvent) -> Container:
    change = _CHANGES.get(event.action)
    return change(container, event) if change is not None else container
