"""A journal in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from meshctl.model.journal import Deed, JournalEntry
from meshctl.ports.world import Clock


@dataclass(slots=True)
class FakeJournal:
    """What was noted, at the time of the fake world."""

    clock: Clock
    entries: list[JournalEntry] = field(default_factory=list)
    user: str = "ada"
    command: str = "up"

    def note(self, deed: Deed, service: str, instance: str, container_id: str = "", *, cause: str = "") -> None:
        entry = JournalEntry(self.clock.now(), deed, service, instance, container_id, cause, self.command, self.user)
        self.entries.append(entry)

    def read(self) -> Sequence[JournalEntry]:
        return tuple(self.entries)
