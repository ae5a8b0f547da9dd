"""The list of traces: the newest in order while changes come in, and which of them are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from meshctl.core.traces.search import TraceFilter, parse_filter
from meshctl.model.traces import TraceChanges, TraceSummary

#: What only the collector can judge is asked again this often while traces come in.
AGAIN_S = 2.0
_start = attrgetter("start_ns")


class TraceListing:
    """At most ``keep`` summaries by start, newest first."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._by_id: dict[str, TraceSummary] = {}
        self._rows: tuple[TraceSummary, ...] = ()

    @property
    def rows(self) -> tuple[TraceSummary, ...]:
        """Newest first."""
        return self._rows

    def replace(self, summaries: Iterable[TraceSummary]) -> None:
        """A list that was read anew; of what came as a change meanwhile the later revision counts."""
        known, self._by_id = self._by_id, {}
        for summary in summaries:
            before = known.get(summary.trace_id)
            later = before is not None and before.revision > summary.revision
            self._by_id[summary.trace_id] = before if before is not None and later else summary
        self._order()

    def apply(self, changes: TraceChanges) -> None:
        """Changed and removed traces."""
        if not changes.changed and not changes.removed:
            return
        for trace_id in changes.removed:
            self._by_id.pop(trace_id, None)
        for summary in changes.changed:
            self._by_id[summary.trace_id] = summary
        self._order()

    def _order(self) -> None:
        rows = sorted(self._by_id.values(), key=_start, reverse=True)
        for summary in rows[self._keep :]:
            del self._by_id[summary.trace_id]
        self._rows = tuple(rows[: self._keep])


class ShownTraces:
    """The live traces that a filter leaves, or what a search found; while ``held`` those of the moment it began.

    ``text`` is what is filtered by; ``searching``: the collector is being asked; ``trouble``: why it did not answer.
    """

    def __init__(self) -> None:
        self.text = ""
        self.filter = TraceFilter()
        self.only_errors = False
        self.slowest_first = False
        self.found: tuple[TraceSummary, ...] | None = None
        self.searching = False
        self.trouble = ""
        self._searched_at = 0.0
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

    # -- the filter, and what only the collector can tell

    def narrow(self, text: str, kept_by_collector: int | None) -> bool:
        """Filter by another text; whether the collector is to be asked (None: not known how many it keeps).

        What was found before is forgotten, unless only a search can tell what comes instead.
        """
        wanted = parse_filter(text)
        if wanted != self.filter:
            self.found = self.found if wanted.hidden else None
        self.text, self.filter, self.trouble = text, wanted, ""
        self.searching = self._must_search(kept_by_collector)
        return self.searching

    def answered(self, wanted: TraceFilter, found: tuple[TraceSummary, ...] | None, trouble: str, now: float) -> bool:
        """What the collector found for ``wanted``, or why it did not answer; False if that is not asked any more."""
        if wanted != self.filter:
            return False
        self.searching, self.trouble, self._searched_at = False, trouble, now
        if found is not None:
            self.found = found
        return True

    def due(self, now: float) -> bool:
        """Whether to ask again; the next time is counted from here."""
        waited = now - self._searched_at >= AGAIN_S
        if not (self.filter.hidden and waited) or self.searching or self.held:
            return False
        self._searched_at = now
        return True

    def _must_search(self, kept_by_collector: int | None) -> bool:
        wanted = self.filter
        if wanted.empty or wanted.pinned:
            return False
        more = kept_by_collector is None or kept_by_collector > self.kept
        return wanted.hidden or bool(wanted.words) or more

    # -- rows

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
        return sorted(found.values(), key=_start, reverse=True)
