"""Which traces there are."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.core.traces.listing import TraceListing
from meshctl.engine.state.topic import Topic
from meshctl.model.traces import CollectorStatus, TraceChanges, TraceSummary
from meshctl.ports.world import Clock

#: Traces that a view can list.
KEEP = 5000


@dataclass(frozen=True, slots=True)
class TraceList:
    """The newest ones, newest first; ``status`` is None until the collector has answered once."""

    rows: tuple[TraceSummary, ...] = ()
    status: CollectorStatus | None = None


@dataclass(frozen=True, slots=True)
class TraceListChange:
    """Ids of the traces that came or changed, and of those that are gone. ``reset``: read the whole list."""

    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    reset: bool = False


class TracesTopic(Topic[TraceList, TraceListChange]):
    """Follows change sets; the rows are never compared as a whole."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(TraceList(), clock, _joined)
        self._listing = TraceListing(KEEP)

    def replace(self, rows: tuple[TraceSummary, ...]) -> None:
        """A list that was read anew; of what came as a change meanwhile the later revision counts."""
        self._listing.replace(rows)
        self.publish(TraceList(self._listing.rows, self.value.status), TraceListChange(reset=True))

    def apply(self, changes: TraceChanges) -> None:
        """What the collector has told at once."""
        self._listing.apply(changes)
        change = TraceListChange(frozenset(row.trace_id for row in changes.changed), frozenset(changes.removed))
        quiet = not (change.changed or change.removed) and changes.status == self.value.status
        self.publish(TraceList(self._listing.rows, changes.status), None if quiet else change)


def _joined(earlier: TraceListChange, later: TraceListChange) -> TraceListChange:
    if earlier.reset or later.reset:
        return TraceListChange(reset=True)
    changed = (earlier.changed - later.removed) | later.changed
    return TraceListChange(changed, (earlier.removed - later.changed) | later.removed)
