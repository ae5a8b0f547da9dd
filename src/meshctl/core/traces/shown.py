"""Which traces the list shows, in which order: the live ones, what a search found, or what was held still."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from meshctl.core.traces.filter import TraceFilter
from meshctl.model.traces import TraceSummary


class ShownTraces:
    """``show`` gives the rows. While ``held`` they are those of the moment it began."""

    def __init__(self) -> None:
        self.filter = TraceFilter()
        self.only_errors = False
        self.slowest_first = False
        self.found: tuple[TraceSummary, ...] | None = None
        self._live: tuple[TraceSummary, ...] = ()
        self._held: tuple[TraceSummary, ...] | None = None

    @property
    def held(self) -> bool:
        return self._held is not None

    @property
    def kept(self) -> int:
        """How many traces are known here, whether they match or not."""
        return len(self._held if self._held is not None else self._live)

    @property
    def newer(self) -> int:
        """How many have come since the list is held."""
        if self._held is None:
            return 0
        known = {summary.trace_id for summary in self._held}
        return sum(1 for summary in self._live if summary.trace_id not in known)

    def take(self, live: tuple[TraceSummary, ...]) -> None:
        """The newest state of the memory."""
        self._live = live

    def hold(self, held: bool) -> None:
        self._held = self._live if held else None

    def narrow(self, wanted: TraceFilter) -> None:
        """Another filter. What was found before is forgotten, unless only a search can tell what comes instead."""
        if wanted != self.filter:
            self.filter, self.found = wanted, self.found if wanted.hidden else None

    def rows(self) -> list[TraceSummary]:
        """What is shown, in order."""
        rows = list(self._matching())
        if self.only_errors:
            rows = [summary for summary in rows if summary.errors]
        if self.slowest_first:
            rows.sort(key=attrgetter("duration_ns"), reverse=True)
        return rows

    def _matching(self) -> Sequence[TraceSummary]:
        base = self._held if self._held is not None else self._live
        wanted = self.filter
        if wanted.empty:
            return base
        if self.found is None:
            return [] if wanted.hidden else [summary for summary in base if wanted.matches(summary)]
        fresh = {summary.trace_id: summary for summary in base}
        found = {s.trace_id: fresh.get(s.trace_id, s) for s in self.found if wanted.allows(s)}
        if not wanted.hidden:
            found |= {summary.trace_id: summary for summary in base if wanted.matches(summary)}
        return sorted(found.values(), key=attrgetter("start_ns"), reverse=True)
