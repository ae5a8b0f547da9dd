"""Turns engine events and changes of health into lines a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshctl.model.containers import ContainerState, RuntimeEvent
from meshctl.model.status import Happening, Health, InstanceStatus

KEEP = 200
#: Steps of one scaling that follow each other within this many seconds are told as one line.
SCALING_S = 10.0
#: A start within this many seconds of a death is told as a restart.
RESTART_S = 60.0

_SIGNALS = {130: "interrupted", 134: "aborted", 137: "killed", 139: "segmentation fault", 143: "terminated"}
_WELL = (Health.HEALTHY, Health.DONE)
_BROKEN = (Health.DEGRADED, Health.UNHEALTHY, Health.CRASH_LOOP)


def exit_words(code: int | None, out_of_memory: bool = False) -> str:
    """``137`` → ``exit 137, killed``."""
    if code is None:
        return "ended"
    why = "out of memory" if out_of_memory else _SIGNALS.get(code, "")
    return f"exit {code}, {why}" if why else f"exit {code}"


class EventLog:
    """The bounded feed, newest last. A later event may reword the line of the death that led to it."""

    def __init__(self, keep: int = KEEP) -> None:
        self._lines: list[Happening] = []
        self._keep = keep
        self._deaths: dict[str, tuple[Happening, str]] = {}
        self._starved: set[str] = set()
        self._scalings: dict[str, tuple[Happening, int]] = {}

    @property
    def lines(self) -> tuple[Happening, ...]:
        """Oldest first."""
        return tuple(self._lines)

    def add(self, happening: Happening) -> Happening:
        self._lines.append(happening)
        del self._lines[: -self._keep]
        return happening

    def heard(self, event: RuntimeEvent) -> None:
        """One event of the engine; actions without a word of their own are passed over."""
        teller = _TELLERS.get(event.action)
        if teller is not None:
            teller(self, event)

    def counted(self, before: Mapping[str, int], after: Mapping[str, int], now: float) -> None:
        """Numbers of instances per service, then and now."""
        for service, count in after.items():
            was = before.get(service, 0)
            if was and count and was != count:
                self._scaled(service, was, count, now)

    def judged(self, before: Mapping[str, InstanceStatus], after: Sequence[InstanceStatus], now: float) -> None:
        """Verdicts per instance id, then and now."""
        for instance in after:
            was = before.get(instance.id)
            if was is not None and was.health is not instance.health:
                self._turned(was.health, instance, now)

    def _turned(self, was: Health, instance: InstanceStatus, now: float) -> None:
        service = instance.id.rpartition("-")[0]
        if instance.health is Health.HEALTHY and was not in (Health.UNKNOWN, Health.PAUSED):
            text = "healthy again" if was in _BROKEN else _became_healthy(instance, now)
            self.add(Happening(now, service, text, instance=instance.id))
        elif instance.health in _BROKEN and was is not Health.UNKNOWN and _is_news(instance):
            self.add(Happening(now, service, _broke(instance), bad=True, instance=instance.id))

    def _scaled(self, service: str, was: int, count: int, now: float) -> None:
        earlier = self._scalings.get(service)
        if earlier is not None and now - earlier[0].time <= SCALING_S and earlier[0] in self._lines:
            was = earlier[1]
            self._lines.remove(earlier[0])
        if was == count:
            self._scalings.pop(service, None)
            return
        line = self.add(Happening(now, service, f"scaled {was} → {count}"))
        self._scalings[service] = (line, was)

    def _line(self, event: RuntimeEvent, text: str, bad: bool = False) -> Happening:
        return Happening(event.time, event.service, text, bad, f"{event.service}-{event.instance}")

    def _started(self, event: RuntimeEvent) -> None:
        recent = self._deaths.get(event.container_id)
        if recent is not None and event.time - recent[0].time > RESTART_S:
            del self._deaths[event.container_id]
        death = self._take_death(event)
        if death is None:
            self.add(self._line(event, "started"))
        else:
            self._put_death(event, f"restarted: {death[1]}", death[0].bad, death[1])

    def _restarted(self, event: RuntimeEvent) -> None:
        """The engine tells a restart after the stop and the start it consists of: one line for the three."""
        self._take_death(event)
        instance = f"{event.service}-{event.instance}"
        self._lines = [line for line in self._lines if not _part_of_restart(line, instance, event.time)]
        self.add(self._line(event, "restarted on request"))

    def _died(self, event: RuntimeEvent) -> None:
        words = exit_words(event.exit_code, event.container_id in self._starved)
        self._starved.discard(event.container_id)
        self._put_death(event, words, event.exit_code not in (0, 143), words)

    def _stopped(self, event: RuntimeEvent) -> None:
        death = self._take_death(event)
        self.add(self._line(event, f"stopped: {death[1]}" if death else "stopped"))

    def _ran_out_of_memory(self, event: RuntimeEvent) -> None:
        self._starved.add(event.container_id)

    def _paused(self, event: RuntimeEvent) -> None:
        self.add(self._line(event, "paused"))

    def _resumed(self, event: RuntimeEvent) -> None:
        self.add(self._line(event, "resumed"))

    def _removed(self, event: RuntimeEvent) -> None:
        self._deaths.pop(event.container_id, None)
        self._starved.discard(event.container_id)
        self.add(self._line(event, "removed"))

    def _put_death(self, event: RuntimeEvent, text: str, bad: bool, words: str) -> None:
        self._deaths[event.container_id] = (self.add(self._line(event, text, bad)), words)

    def _take_death(self, event: RuntimeEvent) -> tuple[Happening, str] | None:
        """The container's last death, its line taken out of the feed to be told anew."""
        death = self._deaths.pop(event.container_id, None)
        if death is None:
            return None
        if death[0] in self._lines:
            self._lines.remove(death[0])
        return death


def _part_of_restart(line: Happening, instance: str, time: float) -> bool:
    recent = time - line.time <= RESTART_S
    return recent and line.instance == instance and line.text.startswith(("started", "stopped"))


def _is_news(instance: InstanceStatus) -> bool:
    """The death of a container has its own line; that it dies again and again is said as well."""
    return instance.state is ContainerState.RUNNING or instance.health is Health.CRASH_LOOP


def _broke(instance: InstanceStatus) -> str:
    word = instance.health.value.replace("_", " ")
    reason = instance.reasons[0].removeprefix(f"{word}: ") if instance.reasons else ""
    return f"{word}: {reason}" if reason else word


def _became_healthy(instance: InstanceStatus, now: float) -> str:
    if instance.started_at is None or now < instance.started_at:
        return "healthy"
    return f"healthy after {now - instance.started_at:.1f} s"


_TELLERS = {
    "start": EventLog._started,
    "restart": EventLog._restarted,
    "die": EventLog._died,
    "stop": EventLog._stopped,
    "oom": EventLog._ran_out_of_memory,
    "pause": EventLog._paused,
    "unpause": EventLog._resumed,
    "destroy": EventLog._removed,
}
