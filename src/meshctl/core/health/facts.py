"""What is known of a project besides the verdicts on it, and what that says of one instance's past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshctl.model.containers import Container, LogLine, Room, RuntimeEvent
from meshctl.model.journal import Deed, JournalEntry
from meshctl.model.traces import ServiceEdge

#: Who is the same user as the one that asks.
YOU = "you"
#: What meshctl did is noted when the runtime has done it: at most so many seconds after.
_NOTED_WITHIN_S = 5.0
#: What happened so long ago is no news.
RECENT_S = 120.0
#: A container made so long before something broke may be why it did.
_CHANGED_BEFORE_S = 600.0
_ENDED = (Deed.STOPPED, Deed.REMOVED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What could not be asked is empty. ``lines`` and ``rooms`` go by instance id (``orders-1``).

    ``lines`` are the last ones, by time; ``rooms`` has every running instance whose volumes can be seen.
    ``journal`` and ``events`` are oldest first, ``user`` is who asks.
    """

    containers: Sequence[Container] = ()
    edges: Sequence[ServiceEdge] = ()
    journal: Sequence[JournalEntry] = ()
    user: str = ""
    events: Sequence[RuntimeEvent] = ()
    lines: Mapping[str, Sequence[LogLine]] = field(default_factory=dict)
    rooms: Mapping[str, Sequence[Room]] = field(default_factory=dict)

    def container(self, container_id: str) -> Container | None:
        return next((one for one in self.containers if one.id == container_id), None)

    def name(self, entry: JournalEntry | None) -> str:
        """Whose deed it was: ``you``, another user's name, '' for nobody's."""
        if entry is None:
            return ""
        return YOU if entry.user == self.user else entry.user

    def ended_by(self, container: Container) -> JournalEntry | None:
        """The deed that ended its last run, if meshctl did."""
        last = self._last(container.id, (*_ENDED, Deed.STARTED))
        if last is None or last.deed is Deed.STARTED or container.finished_at is None:
            return None
        return last if abs(last.time - container.finished_at) <= _NOTED_WITHIN_S else None

    def paused_at(self, container: Container) -> tuple[float | None, JournalEntry | None]:
        """When it was paused, and the deed if meshctl did."""
        told = next((event for event in self._happened(container.id) if event.action == "pause"), None)
        last = self._last(container.id, (Deed.PAUSED, Deed.UNPAUSED, Deed.STARTED))
        ours = last if last is not None and last.deed is Deed.PAUSED else None
        if told is None:
            return (ours.time if ours is not None else None), ours
        return told.time, ours if ours is not None and abs(ours.time - told.time) <= _NOTED_WITHIN_S else None

    def given_up_at(self, container: Container) -> float | None:
        """When meshctl decided that it would not get ready."""
        last = self._last(container.id, (Deed.FAILED, Deed.STARTED))
        return last.time if last is not None and last.deed is Deed.FAILED else None

    def removed_by(self, service: str) -> JournalEntry | None:
        """What meshctl did last to a service that has no instance, if it removed one."""
        last = next((entry for entry in reversed(self.journal) if entry.service == service), None)
        return last if last is not None and last.deed is Deed.REMOVED else None

    def changed_before(self, container: Container, since: float) -> JournalEntry | None:
        """Why meshctl made this container in place of another one, if it did so shortly before."""
        made = self._last(container.id, (Deed.CREATED,))
        if made is None or not 0 <= since - made.time <= _CHANGED_BEFORE_S:
            return None
        gone = ((one.cause, one.instance) for one in self.journal if one.deed is Deed.REMOVED)
        return made if made.cause and (made.cause, made.instance) in gone else None

    def starved_at(self, container: Container, now: float) -> float | None:
        """When a process in it was killed for want of memory; None when none lately was."""
        for event in self._happened(container.id):
            if event.action == "oom" and now - event.time <= RECENT_S:
                return event.time
        return None

    def last_death(self, container: Container) -> RuntimeEvent | None:
        return next((event for event in self._happened(container.id) if event.action == "die"), None)

    def looped_since(self, container: Container) -> float | None:
        """The first of the deaths that followed each other as far back as they are known, if there are several."""
        deaths = [event.time for event in self._happened(container.id) if event.action == "die"]
        first = 0
        while first + 1 < len(deaths) and deaths[first] - deaths[first + 1] <= RECENT_S:
            first += 1
        return deaths[first] if first else None

    def was_killed(self, container: Container) -> bool:
        """Whether somebody asked the runtime to end it, before it last died."""
        events = self._happened(container.id)
        for event in events:
            if event.action == "die":
                return next(events, event).action == "kill"
        return False

    def _happened(self, container_id: str) -> Iterator[RuntimeEvent]:
        """Newest first."""
        return (event for event in reversed(self.events) if event.container_id == container_id)

    def _last(self, container_id: str, deeds: Sequence[Deed]) -> JournalEntry | None:
        for entry in reversed(self.journal):
            if entry.container_id == container_id and entry.deed in deeds:
                return entry
        return None
