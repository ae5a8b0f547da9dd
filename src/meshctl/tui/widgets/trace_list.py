"""The list of traces: as long as nobody moves the cursor it stays on the newest, then on its trace."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.model.traces import TraceSummary
from meshctl.present.lines import Line
from meshctl.present.trace_rows import list_row, slowest
from meshctl.tui.widgets.cursor_list import CursorList

#: Drawn rows that are kept.
_MOST_ROWS = 500


class TraceList(CursorList):
    """Draws only the rows that are looked at."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.at_newest = True
        self._summaries: Sequence[TraceSummary] = ()
        self._slowest = 0
        self._rows: dict[str, tuple[TraceSummary, Line]] = {}
        self._against = (0, 0)

    def show_traces(self, summaries: Sequence[TraceSummary]) -> None:
        """Replace the rows. What is looked at stays in its place on the screen while rows come in above."""
        before, offset = self.place, self.scroll_offset.y
        self._summaries = summaries
        self._slowest = slowest(summaries)
        self.show_keys([summary.trace_id for summary in summaries])
        if self.at_newest:
            self.select(self.keys[0] if self.keys else "")
        elif before >= 0 and self.place != before:
            self.scroll_to(y=max(0, offset + self.place - before), animate=False, immediate=True, force=True)

    @property
    def trace(self) -> TraceSummary | None:
        """The trace under the cursor."""
        return self._summaries[self.place] if self.place >= 0 else None

    @property
    def above(self) -> int:
        """How many rows stand above what is looked at."""
        return int(self.scroll_offset.y)

    def touched(self) -> None:
        self.at_newest = False

    def action_edge(self, direction: int) -> None:
        super().action_edge(direction)
        self.at_newest = direction < 0

    def stay(self) -> None:
        """Keep the cursor on its trace from now on."""
        self.at_newest = False

    def line_at(self, index: int) -> Line:
        """A row that only changes its place is not drawn anew."""
        summary, against = self._summaries[index], (self.room, self._slowest)
        if against != self._against or len(self._rows) > _MOST_ROWS:
            self._against, self._rows = against, {}
        known = self._rows.get(summary.trace_id)
        if known is None or known[0] is not summary:
            known = self._rows[summary.trace_id] = (summary, list_row(summary, *against))
        return known[1]

    def on_mouse_scroll_down(self) -> None:
        self.touched()

    def on_mouse_scroll_up(self) -> None:
        self.touched()
