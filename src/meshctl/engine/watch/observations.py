"""What was heard about each instance, kept until the instance begins a new run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState, RuntimeEvent
from meshctl.model.registry import Registration
from meshctl.model.status import ProbeResult

#: Deaths within this many seconds make a crash loop.
CRASH_WINDOW_S = 60.0
#: The engine's event and its list tell the same start this many seconds apart at most.
_SAME_START_S = 1.0
_KILLED = 137


_ALIVE = (ContainerState.RUNNING, ContainerState.PAUSED)


@dataclass(slots=True)
class InstanceRun:
    """One run of a container, from its start to the next one.

    ``failures``: checks failed in a row; ``lone``: the same while they are fewer than decide. ``unanswered``: why
    there is no answer. ``been_healthy`` None: not known here.
    """

    started_at: float | None
    probe: ProbeResult | None = None
    failures: int = 0
    lone: int = 0
    unanswered: str = ""
    been_healthy: bool | None = None


@dataclass(slots=True)
class Observations:
    """The three truths, unjudged. ``registrations`` None: the registry cannot be asked (``registry_error``
    says why, '' before the first try)."""

    config: MeshConfig
    containers: dict[str, Container] = field(default_factory=dict)
    registrations: tuple[Registration, ...] | None = None
    registry_error: str = ""
    runs: dict[str, InstanceRun] = field(default_factory=dict)
    _deaths: dict[tuple[str, int], deque[float]] = field(default_factory=dict)
    _kills: dict[str, int] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)
    _stopped: set[str] = field(default_factory=set)

    def contain(self, containers: dict[str, Container]) -> None:
        """Replace the containers; one that started anew loses what was heard of its former run."""
        before, self.containers = self.containers, containers
        runs: dict[str, InstanceRun] = {}
        for key, container in containers.items():
            run, alive = self.runs.get(key), container.state in _ALIVE
            came_back = alive and key in before and before[key].state not in _ALIVE
            if run is None or came_back or not _same(run.started_at, container.started_at):
                run = InstanceRun(container.started_at)
                if key in self._begun and _same(self._begun[key], container.started_at):
                    run.been_healthy = False
            runs[key] = run
        self.runs = runs
        self._kills = {key: count for key, count in self._kills.items() if key in containers}

    def note_probe(self, container_id: str, result: ProbeResult) -> bool:
        """Take a probe's answer; return whether it changes the picture."""
        run = self.runs.get(container_id)
        if run is None:
            return False
        before, lone = run.probe, run.lone
        run.failures = 0 if result.ok else run.failures + 1
        run.lone = run.failures if run.failures < self._retries(container_id) else 0
        run.probe = result
        return before is None or (before.ok, before.detail, lone) != (result.ok, result.detail, run.lone)

    def failures(self, container_id: str) -> int:
        """Failed probes in a row."""
        run = self.runs.get(container_id)
        return run.failures if run is not None else 0

    def was_stopped(self, container_id: str) -> bool:
        """Whether its end was seen, and asked for."""
        return container_id in self._stopped

    def note_event(self, event: RuntimeEvent) -> None:
        """Count deaths nobody asked for: a stop kills first, or kills twice; a lone kill -9 is a death.

        A stop that was asked for ends the count.
        """
        if event.action == "kill":
            self._kills[event.container_id] = self._kills.get(event.container_id, 0) + 1
        elif event.action == "start":
            self._kills.pop(event.container_id, None)
            self._stopped.discard(event.container_id)
            self._begun[event.container_id] = event.time
        elif event.action == "destroy":
            self._begun.pop(event.container_id, None)
            self._stopped.discard(event.container_id)
        elif event.action == "die":
            kills = self._kills.pop(event.container_id, 0)
            if kills == 0 or (kills == 1 and event.exit_code == _KILLED):
                self._deaths.setdefault((event.service, event.instance), deque(maxlen=100)).append(event.time)
            else:
                self._stopped.add(event.container_id)
                self._deaths.pop((event.service, event.instance), None)

    def recent_deaths(self, container: Container, now: float) -> int:
        """Deaths nobody asked for in the last minute."""
        deaths = self._deaths.get((container.service, container.instance))
        if deaths is None:
            return 0
        while deaths and deaths[0] < now - CRASH_WINDOW_S:
            deaths.popleft()
        return len(deaths)

    def _retries(self, container_id: str) -> int:
        spec = self.config.services.get(self.containers[container_id].service)
        return max(1, spec.healthcheck.retries) if spec is not None else 1


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME_START_S
