"""The newest traces, kept in order while changes come in."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from meshctl.model.traces import TraceChanges, TraceSummary

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
