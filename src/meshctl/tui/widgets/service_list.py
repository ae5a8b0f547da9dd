"""The services list: headings and rows, the figures drawn anew only where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.present.lines import Line
from meshctl.present.services_rows import Row
from meshctl.tui.widgets.cursor_list import CursorList


class ServiceList(CursorList):
    """Rows are few: they come drawn."""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows. The selected service stays selected; if it is gone, its neighbour is."""
        self.lines = [row.line for row in rows]
        self.show_keys([row.key for row in rows])

    def line_at(self, index: int) -> Line:
        return self.lines[index]
