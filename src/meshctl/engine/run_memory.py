"""Whether a run of an instance has been ready, and who ended it: meshctl's journal, read when it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.containers import Container
from meshctl.model.journal import Deed, JournalEntry
from meshctl.ports.journal import Journal
from meshctl.ports.world import Clock

#: A journal that was read so long ago, seconds, is read again for a run that is not known.
_FRESH_S = 1.0
#: The engine's clock and ours tell the same moment this many seconds apart at most.
_SLACK_S = 0.01

_Run = tuple[str, float | None]


class RunMemory:
    """Asks the journal once a run, and notes once a run that it was ready or given up."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._entries: Sequence[JournalEntry] = ()
        self._read_at: float | None = None
        self._ready: dict[_Run, bool | None] = {}
        self._stopped: dict[_Run, bool] = {}

    def been_ready(self, container: Container) -> bool | None:
        """None when nobody noted it; False when it was given up."""
        run = _run(container)
        if run not in self._ready:
            deeds = {entry.deed for entry in self._of(container)}
            self._ready[run] = Deed.READY in deeds or (False if Deed.FAILED in deeds else None)
        return self._ready[run]

    def was_stopped(self, container: Container) -> bool:
        """Whether the last that was done to it in this run was to stop it."""
        run = _run(container)
        if run not in self._stopped:
            deeds = [entry.deed for entry in self._of(container) if entry.deed not in (Deed.READY, Deed.FAILED)]
            self._stopped[run] = deeds[-1:] == [Deed.STOPPED]
        return self._stopped[run]

    def note_ready(self, container: Container) -> None:
        if self.been_ready(container) is not True:
            self._note(Deed.READY, container)
            self._ready[_run(container)] = True

    def note_failed(self, container: Container, cause: str) -> None:
        """Given up. One that was ready before stays so."""
        if self.been_ready(container) is None:
            self._note(Deed.FAILED, container, cause)
            self._ready[_run(container)] = False

    def _note(self, deed: Deed, container: Container, cause: str = "") -> None:
        self._journal.note(deed, container.service, container.instance_id, container.id, cause=cause)

    def _of(self, container: Container) -> list[JournalEntry]:
        """What was noted of it since it started."""
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at > _FRESH_S:
            self._entries, self._read_at = self._journal.read(), now
        since = (container.started_at or 0.0) - _SLACK_S
        return [entry for entry in self._entries if entry.container_id == container.id and entry.time >= since]


def _run(container: Container) -> _Run:
    return container.id, container.started_at
