"""Turns what the runtime tells and changes of health into events that a person can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from meshctl.engine.state.events import EventsChange, EventsTopic
from meshctl.model.containers import ContainerState, RuntimeEvent
from meshctl.model.events import EventKind, MeshEvent
from meshctl.model.status import Health, InstanceStatus, Reason, ReasonKind

KEEP = 200
#: Steps of one scaling that follow each other within this many seconds are told as one event.
SCALING_S = 10.0
#: A start within this many seconds of a death is told as a restart.
RESTART_S = 60.0

_BROKEN = (Health.DEGRADED, Health.UNHEALTHY, Health.FAILED, Health.CRASH_LOOP)


class EventLog:
    """Writes the bounded feed. A later event may take the place of the death that led to it."""

    def __init__(self, topic: EventsTopic, keep: int = KEEP) -> None:
        self._topic = topic
        self._keep = keep
        self._events: list[MeshEvent] = []
        self._added: list[MeshEvent] = []
        self._reworded = False
        self._deaths: dict[str, MeshEvent] = {}
        self._starved: set[str] = set()
        self._scalings: dict[str, MeshEvent] = {}
        #: When a container was asked to end, and how it turned since: an end is not told twice.
        self._asked: dict[str, float] = {}
        self._withheld: dict[str, MeshEvent] = {}

    def heard(self, event: RuntimeEvent) -> None:
        """One event of the runtime; actions that mean nothing to a person are passed over."""
        teller = _TELLERS.get(event.action)
        if teller is not None:
            teller(self, event)
            self._publish()

    def counted(self, before: Mapping[str, int], after: Mapping[str, int], now: float) -> None:
        """Numbers of instances per service, then and now."""
        for service, count in after.items():
            was = before.get(service, 0)
            if was and count and was != count:
                self._scaled(service, was, count, now)
        self._publish()

    def judged(self, before: Mapping[str, InstanceStatus], after: Sequence[InstanceStatus], now: float) -> None:
        """Verdicts per instance id, then and now."""
        for instance in after:
            was = before.get(instance.id)
            if was is not None and was.health is not instance.health:
                self._turned(was.health, instance, now)
        for container_id in [one for one in self._withheld if now - self._asked.get(one, now) > RESTART_S]:
            self._add(self._withheld.pop(container_id))
        self._publish()

    def watch_failed(self, what: str, error: Exception, now: float) -> None:
        """A watcher broke and is started again: nobody should trust stale figures."""
        reason = Reason(ReasonKind.WATCH_BROKE, source=what, detail=str(error) or type(error).__name__)
        self._add(MeshEvent(EventKind.WATCH_FAILED, now, "meshctl", reason=reason))
        self._publish()

    def _add(self, event: MeshEvent) -> MeshEvent:
        self._events.append(event)
        self._added.append(event)
        return event

    def _take_out(self, event: MeshEvent) -> bool:
        """Whether it was still there."""
        if event not in self._events:
            return False
        self._events.remove(event)
        if event in self._added:
            self._added.remove(event)
        else:
            self._reworded = True
        return True

    def _publish(self) -> None:
        del self._events[: -self._keep]
        if self._added or self._reworded:
            change = EventsChange(() if self._reworded else tuple(self._added), self._reworded)
            self._added, self._reworded = [], False
            self._topic.publish(tuple(self._events), change)

    def _turned(self, was: Health, instance: InstanceStatus, now: float) -> None:
        event = MeshEvent(
            EventKind.BECAME_UNHEALTHY,
            now,
            instance.id.rpartition("-")[0],
            instance.id,
            before=was,
            after=instance.health,
        )
        if instance.health is Health.HEALTHY and self._withheld.pop(instance.container_id, None) is not None:
            return
        if instance.health is Health.HEALTHY and was in _BROKEN:
            self._add(replace(event, kind=EventKind.RECOVERED))
        elif instance.health is Health.HEALTHY and was not in (Health.UNKNOWN, Health.PAUSED):
            self._add(replace(event, kind=EventKind.BECAME_HEALTHY, since=instance.started_at))
        elif instance.health in _BROKEN and was is not Health.UNKNOWN and _is_news(instance):
            event = replace(event, reason=instance.reasons[0] if instance.reasons else None)
            if now - self._asked.get(instance.container_id, -RESTART_S) < RESTART_S:
                self._withheld[instance.container_id] = event
            else:
                self._add(event)

    def _scaled(self, service: str, was: int, count: int, now: float) -> None:
        earlier = self._scalings.pop(service, None)
        first: int | Health | None = was
        if earlier is not None and now - earlier.time <= SCALING_S and self._take_out(earlier):
            first = earlier.before
        if first != count:
            event = MeshEvent(EventKind.SCALED, now, service, before=first, after=count)
            self._scalings[service] = self._add(event)

    def _was_asked(self, event: RuntimeEvent) -> None:
        """The first signal counts: what does not end by it gets another."""
        self._asked.setdefault(event.container_id, event.time)

    def _started(self, event: RuntimeEvent) -> None:
        self._asked.pop(event.container_id, None)
        death = self._deaths.pop(event.container_id, None)
        if death is None or event.time - death.time > RESTART_S:
            self._add(_told(EventKind.STARTED, event))
        else:
            self._take_out(death)
            restarted = replace(death, kind=EventKind.RESTARTED, time=event.time)
            self._deaths[event.container_id] = self._add(restarted)

    def _restarted(self, event: RuntimeEvent) -> None:
        """The runtime tells a restart after the stop and the start it consists of: one event for the three."""
        self._take_death(event)
        told = _told(EventKind.RESTARTED_ON_REQUEST, event)
        for part in [one for one in self._events if _part_of_restart(one, told)]:
            self._take_out(part)
        self._add(told)

    def _died(self, event: RuntimeEvent) -> None:
        self._withheld.pop(event.container_id, None)
        oom = event.container_id in self._starved
        self._starved.discard(event.container_id)
        death = replace(_told(EventKind.DIED, event), exit_code=event.exit_code, oom=oom)
        self._deaths[event.container_id] = self._add(death)

    def _stopped(self, event: RuntimeEvent) -> None:
        death = self._take_death(event)
        told = replace(_told(EventKind.STOPPED, event), since=self._asked.get(event.container_id))
        self._add(told if death is None else replace(told, exit_code=death.exit_code, oom=death.oom))

    def _ran_out_of_memory(self, event: RuntimeEvent) -> None:
        self._starved.add(event.container_id)

    def _paused(self, event: RuntimeEvent) -> None:
        self._add(_told(EventKind.PAUSED, event))

    def _resumed(self, event: RuntimeEvent) -> None:
        self._add(_told(EventKind.RESUMED, event))

    def _removed(self, event: RuntimeEvent) -> None:
        self._deaths.pop(event.container_id, None)
        self._starved.discard(event.container_id)
        self._asked.pop(event.container_id, None)
        self._withheld.pop(event.container_id, None)
        self._add(_told(EventKind.REMOVED, event))

    def _take_death(self, event: RuntimeEvent) -> MeshEvent | None:
        """The container's last death, taken out of the feed to be told anew."""
        death = self._deaths.pop(event.container_id, None)
        if death is not None:
            self._take_out(death)
        return death


def _told(kind: EventKind, event: RuntimeEvent) -> MeshEvent:
    return MeshEvent(kind, event.time, event.service, f"{event.service}-{event.instance}")


def _part_of_restart(event: MeshEvent, restart: MeshEvent) -> bool:
    if event.instance != restart.instance or restart.time - event.time > RESTART_S:
        return False
    return event.kind in (EventKind.STARTED, EventKind.STOPPED)


def _is_news(instance: InstanceStatus) -> bool:
    """The death of a container has its own event; that it dies again and again is said as well."""
    return instance.state is ContainerState.RUNNING or instance.health is Health.CRASH_LOOP


_TELLERS: dict[str, Callable[[EventLog, RuntimeEvent], None]] = {
    "kill": EventLog._was_asked,
    "start": EventLog._started,
    "restart": EventLog._restarted,
    "die": EventLog._died,
    "stop": EventLog._stopped,
    "oom": EventLog._ran_out_of_memory,
    "pause": EventLog._paused,
    "unpause": EventLog._resumed,
    "destroy": EventLog._removed,
}
