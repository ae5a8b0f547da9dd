"""One trace as a waterfall, and what the selected span says of itself."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from contextlib import suppress
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.widget import Widget

from meshctl.model.traces import TraceSummary
from meshctl.present.lines import ACCENT, WARN, Line, Segment
from meshctl.present.span_tabs import LOGS, TraceLogs
from meshctl.present.text import cell_len, fit, pad
from meshctl.present.trace_rows import ID_SHOWN
from meshctl.present.waterfall import header_line, name_width, ruler_line
from meshctl.tui.context import TRACES, WATERFALL, Context
from meshctl.tui.live_trace import NO_SEARCH, Reading, read_waterfall, summary_of
from meshctl.tui.screens.base import key_bindings
from meshctl.tui.screens.span_moves import SpanMoves
from meshctl.tui.view import View
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.span_detail import SpanDetail
from meshctl.tui.widgets.span_rows import SpanRows

#: A trace that grows is read again at most this often.
READ_EVERY_S = 0.5
#: Most traces are there before it is worth a word that they are read.
_PATIENCE_S = 0.15
#: From this width on the details stand beside the rows.
WIDE = 160


class WaterfallScreen(SpanMoves):
    """Reads its trace when it is opened, and again whenever its summary has changed."""

    mode = TRACES
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(WATERFALL)
    filters_by = "find in names, services and attributes"
    filter_sign = "f"
    CSS_PATH = "waterfall.tcss"

    def __init__(self, trace_id: str) -> None:
        super().__init__()
        self._trace_id = trace_id
        self._reading: Reading | None = None
        self._logs = TraceLogs()
        self._read_revision = -1
        self._stirred = asyncio.Event()

    def body(self) -> ComposeResult:
        self._fit(self.app.size)
        yield LineBar(self._summary_line, id="summary")
        yield LineBar(self._note, id="note")
        with Container(id="body"):
            with Vertical(id="flow"):
                yield LineBar(self._ruler, id="ruler")
                yield SpanRows(self.row_selected, id="rows")
            yield SpanDetail(id="span")
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self.rows

    def context(self, service: str = "") -> Context:
        view, index = self.view, self.rows.index
        return Context(
            screen=WATERFALL,
            trace=self._summary() if view is not None else None,
            can_go_back=True,
            rows=len(view.waterfall.rows) if view is not None else 0,
            errors=len(self.errors),
            foldable=view is not None and index >= 0 and view.foldable(index),
            zoomed=view is not None and view.zoomed,
            finding=bool(self.found),
        )

    def show_state(self, state: View, now: float) -> None:
        super().show_state(state, now)
        if self._revision() != self._read_revision or (self._reading is not None and self._reading.error is not None):
            self._stirred.set()
        stale = self.has_class("-stale")
        if self.rows.has_class("-stale") != stale:
            self.rows.set_class(stale, "-stale")
            self.rows.forget_lines()
            self.query_one(SpanDetail).dim(stale)

    # -- actions that leave

    def do_back(self, context: Context) -> None:
        """What is searched for is forgotten first; then back to the list."""
        if self.wanted:
            self.query_one(FilterLine).clear()
        else:
            self.mesh_app.pop_screen()

    def do_compare(self, context: Context) -> None:
        self.mesh_app.pick_other(self._trace_id)

    def do_service_of_span(self, context: Context) -> None:
        if self.view is not None and self.rows.index >= 0:
            self.mesh_app.jump_to_service(self.view.waterfall.rows[self.rows.index].span.service)

    def do_trace_logs(self, context: Context) -> None:
        self.query_one(SpanDetail).choose(LOGS)

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#body").display = self.query_one("#summary").display = False
        self.set_timer(_PATIENCE_S, self._say_reading)
        self.start(self._follow, "trace")

    def _say_reading(self) -> None:
        if self._reading is None:
            self._say("Reading the trace…")

    def on_screen_resume(self) -> None:
        if self.mesh_app.wanted_traces is not None:
            self.mesh_app.pop_screen()
        else:
            super().on_screen_resume()

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def on_unmount(self) -> None:
        """A large trace is let go at once, not when unreachable objects are searched for."""
        self._reading = self.view = self._finder = None

    @on(SpanDetail.TabChosen)
    def _tab_chosen(self, event: SpanDetail.TabChosen) -> None:
        if event.tab == LOGS and self._logs.lines is None and not self._logs.reading:
            self._logs = TraceLogs(reading=True)
            self.start(self._read_logs, "logs")

    # -- reading

    async def _follow(self) -> None:
        """Read now and after every change, not more often than is bearable."""
        while True:
            self._stirred.clear()
            self._read_revision, began = self._revision(), monotonic()
            with NO_SEARCH:
                self._take(await read_waterfall(self.mesh_app.session.traces, self._trace_id))
                await self._drawn()
            await asyncio.sleep(max(0.0, began + READ_EVERY_S - monotonic()))
            await self._stirred.wait()

    async def _drawn(self) -> None:
        """The next frame is on the screen, or another screen is in front."""
        drawn = asyncio.Event()
        if self.call_after_refresh(drawn.set):
            with suppress(TimeoutError):
                await asyncio.wait_for(drawn.wait(), READ_EVERY_S)

    def _take(self, reading: Reading) -> None:
        if not self.ready:
            return
        if reading.view is None and self.view is not None:
            return  # What was read before is better than nothing; the link tells that it is old.
        self._reading = reading
        if reading.view is not None:
            self._show_body(True)
            self.query_one("#note").display = bool(reading.view.waterfall.notes)
            self.replace_view(reading.view)
        elif reading.error is not None:
            self._say(str(reading.error), reading.error.hint or "It is tried again by itself.")
        else:
            short = self._trace_id[:ID_SHOWN]
            self._say(f"The collector knows nothing of trace {short}.", "It may have made room for others. Esc: back.")
        for bar in ("#summary", "#note"):
            self.query_one(bar, LineBar).redraw()
        self.show_footer()

    async def _read_logs(self) -> None:
        start_ns = self.view.waterfall.start_ns if self.view is not None else 0
        lines, error = await self.asked(lambda: self.mesh_app.session.traces.logs(self._trace_id, start_ns))
        self._logs = TraceLogs(lines=lines, trouble=str(error) if error is not None else "")
        if self.ready:
            self.show_span()

    def _revision(self) -> int:
        known = self._known()
        return known.revision if known is not None else -1

    def _known(self) -> TraceSummary | None:
        return next((s for s in self.mesh_app.state.traces if s.trace_id == self._trace_id), None)

    def _summary(self) -> TraceSummary | None:
        known, reading = self._known(), self._reading
        if known is None and reading is not None and reading.trace is not None and reading.waterfall is not None:
            return summary_of(reading.trace, reading.waterfall)
        return known

    # -- drawing

    def show_span(self) -> None:
        """The details follow the cursor."""
        if self.view is not None and self.rows.index >= 0:
            self.query_one(SpanDetail).show_span(self.view.waterfall, self.rows.index, self._logs)

    def _say(self, sentence: str, step: str = "") -> None:
        self._show_body(False)
        self.query_one(EmptyPane).say(sentence, step)

    def _show_body(self, shown: bool) -> None:
        """Not by a class of the screen: that has the styles of every widget worked out anew."""
        for name in ("#summary", "#body"):
            self.query_one(name).display = shown
        self.query_one(EmptyPane).display = not shown

    def _fit(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height < 30, "-low")
        self.set_class(size.height >= 45, "-high")

    def _summary_line(self, width: int) -> Line:
        return header_line(self.view.waterfall, width) if self.view is not None else ()

    def _note(self, width: int) -> Line:
        notes = self.view.waterfall.notes if self.view is not None else ()
        return (Segment(fit(f" {' · '.join(notes)}", width), WARN),)

    def _ruler(self, width: int) -> Line:
        """The scale; to the left of it what narrows the rows."""
        if self.view is None:
            return ()
        scale = ruler_line(self.view.waterfall, self.view.window, width - 1)
        said, names = self._narrowed(), name_width(width - 1)
        if not said or not scale or cell_len(said) >= names:
            return scale
        return (Segment(pad(f" {said}", names), ACCENT), Segment(scale[0].text[names:], scale[0].tone), *scale[1:])

    def _narrowed(self) -> str:
        if self.wanted:
            place = bisect_left(self.found, self.rows.index)
            here = f"{place + 1:,} of " if place < len(self.found) and self.found[place] == self.rows.index else ""
            return f"{here}{len(self.found):,} found" if self.found else "nothing found"
        if self.view is not None and self.view.only_critical:
            return "only the critical path"
        return ""
