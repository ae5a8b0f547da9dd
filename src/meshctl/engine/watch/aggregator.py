"""What the watchers have heard so far, and the one place that turns it into the store's next state."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from meshctl.core.registry import first_seen, fold_checks
from meshctl.engine.collector import collector_address
from meshctl.engine.registry import registry_address
from meshctl.engine.store import MeshStore
from meshctl.engine.watch.event_log import EventLog
from meshctl.engine.watch.observations import Observations
from meshctl.engine.watch.verdict import in_play, judge
from meshctl.errors import CollectorUnavailable
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState, Observed, RuntimeEvent, RuntimeInfo
from meshctl.model.status import (
    CheckStatus,
    Happening,
    InstanceStatus,
    LinkState,
    ProbeResult,
    Registration,
    Usage,
)
from meshctl.model.traces import CollectorStatus, TraceSummary
from meshctl.ports.world import Clock

KEEP_EVENTS = 500
_TROUBLED = (CheckStatus.WARNING, CheckStatus.CRITICAL, CheckStatus.MAINTENANCE)


class StateAggregator:
    """Every watcher reports here; each report that changes something is judged and published at once."""

    def __init__(self, config: MeshConfig, store: MeshStore, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.observations = Observations(config)
        self.generation = 0
        self._store = store
        self._chronicle = EventLog()
        self._events: deque[RuntimeEvent] = deque(maxlen=KEEP_EVENTS)
        self._judged: dict[str, InstanceStatus] = {}
        self._counts: dict[str, int] | None = None
        self._observed_at: float | None = None
        self._registrations: tuple[Registration, ...] = ()
        self._links: dict[str, LinkState] = {}
        self._usage: dict[str, Usage] = {}
        self._wakers: set[asyncio.Event] = set()

    # -- what watchers ask

    def running(self) -> list[Container]:
        """Containers that run now, in a stable order."""
        return [c for c in self.observations.containers.values() if c.state is ContainerState.RUNNING]

    def registry_address(self) -> str:
        """Where the registry answers now (``host:port``), '' if it is not there."""
        return registry_address(self.config, self.running()) or ""

    def collector_address(self) -> str:
        """Where the collector's query API answers now, '' if it is not there."""
        try:
            return collector_address(self.config, self.running())
        except CollectorUnavailable:
            return ""

    @property
    def was_observed(self) -> bool:
        """Whether the engine has answered at least once."""
        return self._observed_at is not None

    def topology(self) -> asyncio.Event:
        """An event set at every change of the containers. Give it back with ``release``."""
        waker = asyncio.Event()
        waker.set()
        self._wakers.add(waker)
        return waker

    def release(self, waker: asyncio.Event) -> None:
        self._wakers.discard(waker)

    # -- what watchers tell

    def engine_up(self, info: RuntimeInfo) -> None:
        self._link("engine", info.name, True, info.version)

    def engine_lost(self, why: str, hint: str = "") -> None:
        if self._engine_is_up():
            # Events kept the picture true until this moment.
            self._observed_at = self.clock.now()
        self._link("engine", self._name_of("engine", "engine"), False, why, hint)
        self.publish()

    def registry_up(self, registrations: Sequence[Registration]) -> None:
        """The whole list, as the registry holds it now."""
        self.observations.registrations = first_seen(self._registrations, registrations, self.clock.now())
        self._registrations = self.observations.registrations
        self.observations.registry_error = ""
        self._link("registry", self.config.registry, True, self._tally(registrations))
        self.publish()

    def registry_lost(self, why: str) -> None:
        self.observations.registrations = None
        self.observations.registry_error = f"{self.config.registry} cannot be asked: {why}"
        self._link("registry", self.config.registry, False, why)
        self.publish()

    def collector_up(self, status: CollectorStatus, traces: tuple[TraceSummary, ...]) -> None:
        """What the collector keeps now, newest trace first."""
        count = f"{status.traces:,} trace{'' if status.traces == 1 else 's'}"
        self._link("collector", self.config.collector, True, count)
        self._store.update(links=tuple(self._links.values()), traces=traces, collector=status)

    def collector_lost(self, why: str) -> None:
        """The list stays as it was."""
        self._link("collector", self.config.collector, False, why)
        self._store.update(links=tuple(self._links.values()))

    def observed(self, seen: Observed) -> None:
        """A full list from the engine replaces what was known."""
        fresh = {c.id: c for c in sorted(seen.containers, key=lambda c: (c.service, c.instance))}
        counts = dict(Counter(c.service for c in fresh.values()))
        now = self.clock.now()
        if self._counts is not None:
            self._chronicle.counted(self._counts, counts, now)
        self._counts = counts
        self._observed_at = now
        self._containers_are(fresh)

    def heard(self, event: RuntimeEvent) -> None:
        """One event: recorded, and applied to its container, so that a death shows at once."""
        self.generation += 1
        self._events.append(event)
        self._chronicle.heard(event)
        self.observations.note_event(event)
        containers = dict(self.observations.containers)
        container = containers.get(event.container_id)
        if container is not None:
            if event.action == "destroy":
                del containers[event.container_id]
            else:
                containers[event.container_id] = _after(container, event)
        self._containers_are(containers)

    def probed(self, container_id: str, result: ProbeResult) -> None:
        """A probe's answer; one that says the same as before changes nothing."""
        if self.observations.note_probe(container_id, result):
            self.publish()

    def used(self, usage: dict[str, Usage]) -> None:
        self._usage = usage
        self._store.update(usage=dict(usage))

    def failed(self, what: str, error: Exception) -> None:
        """A watcher broke and is started again: said in the feed, so that nobody trusts stale figures."""
        text = f"watching {what} failed, trying again: {error or type(error).__name__}"
        self._chronicle.add(Happening(self.clock.now(), "meshctl", text, bad=True))
        self.publish()

    # -- publishing

    def publish(self) -> None:
        """Judge everything and hand the result to the store."""
        now = self.clock.now()
        # Before the first list nothing is known, which is not the same as nothing running.
        judged = judge(self.observations, now) if self.was_observed else ()
        services = tuple(status for status in judged if in_play(self.config, status))
        instances = [instance for service in services for instance in service.instances]
        if self._engine_is_up():
            self._chronicle.judged(self._judged, instances, now)
            self._judged = {instance.id: instance for instance in instances}
        self._store.update(
            services=services,
            links=tuple(self._links.values()),
            happenings=self._chronicle.lines,
            events=tuple(self._events),
            observed_at=self._observed_at,
        )

    def _containers_are(self, fresh: dict[str, Container]) -> None:
        changed = fresh != self.observations.containers
        self.observations.contain(fresh)
        self.publish()
        if changed:
            for waker in self._wakers:
                waker.set()

    def _engine_is_up(self) -> bool:
        link = self._links.get("engine")
        return link is not None and link.up

    def _name_of(self, key: str, default: str) -> str:
        return self._links[key].name if key in self._links else default

    def _tally(self, registrations: Sequence[Registration]) -> str:
        """``10 passing, 1 critical`` over the project's instances."""
        known = {c.instance_id for c in self.observations.containers.values()}
        ours = [r for r in registrations if r.meta.get("project") == self.config.name or r.id in known]
        counts = Counter(fold_checks(r.checks) for r in ours)
        words = [f"{counts[CheckStatus.PASSING]} passing"]
        words += [f"{counts[s]} {s}" for s in _TROUBLED if counts[s]]
        return ", ".join(words)

    def _link(self, key: str, name: str, up: bool, detail: str, hint: str = "") -> None:
        link = self._links.get(key)
        since = link.since if link is not None and link.up == up else self.clock.now()
        self._links[key] = LinkState(name, up, since, detail, hint)
        order = [k for k in ("engine", "registry", "collector") if k in self._links]
        self._links = {k: self._links[k] for k in order}


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
