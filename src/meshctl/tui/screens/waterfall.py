"""One trace as a waterfall, and what the selected span says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.widget import Widget

from meshctl.core.traces.waterfall.navigation import Change, WaterfallNavigation
from meshctl.engine.state.topic import Topic
from meshctl.present.empty import AGAIN, READING_TRACE, Told, no_trace
from meshctl.present.lines import Line
from meshctl.present.span_tabs import LOGS
from meshctl.present.waterfall import header_line, narrowed_ruler, note_line
from meshctl.threads import run_in_thread
from meshctl.tui.host import Host
from meshctl.tui.intents import TRACES
from meshctl.tui.live_trace import READ_EVERY_S, LiveTrace, Reading
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.waterfall_actions import ACTIONS, WaterfallContext
from meshctl.tui.widgets.cursor_list import MOVE_KEYS
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.span_detail import SpanDetail
from meshctl.tui.widgets.span_rows import SpanRows

#: Most traces are there before it is worth a word that they are read.
_PATIENCE_S = 0.15
#: From this width on the details stand beside the rows.
WIDE = 160


class WaterfallScreen(MeshScreen[WaterfallContext]):
    """Wires the trace that is read, the way one moves about in it, and the widgets that show it."""

    mode = TRACES
    heading = "Waterfall"
    of_collector = True
    filters_by = "find in names, services and attributes"
    filter_sign = "f"
    actions = ACTIONS
    widget_keys = MOVE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "waterfall.tcss"

    def __init__(self, host: Host, trace_id: str, span_id: str = "") -> None:
        super().__init__(host)
        self.nav = WaterfallNavigation(self._changed)
        self.rows = SpanRows(self.nav, id="rows")
        self._detail = SpanDetail(id="span")
        self._live = LiveTrace(host.session.traces, trace_id, self._take, self._drawn)
        self._span_id = span_id

    def body(self) -> ComposeResult:
        self._fit(self.app.size)
        yield LineBar(self._summary, id="summary")
        yield LineBar(self._note, id="note")
        with Container(id="body"):
            with Vertical(id="flow"):
                yield LineBar(lambda width: narrowed_ruler(self.nav, width - 1), id="ruler")
                yield self.rows
            yield self._detail
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self.rows

    def topics(self) -> Sequence[Topic[Any, Any]]:
        return (self.host.session.state.traces,)

    def context(self) -> WaterfallContext:
        trace = self._live.summary if self.nav.view is not None else None
        return WaterfallContext(
            host=self.host,
            screen=self,
            finding=self.finding,
            can_go_back=True,
            trace=trace,
            nav=self.nav,
            detail=self._detail,
        )

    def draw_body(self) -> None:
        self._live.listed(self.host.session.state.traces.value.rows)
        stale = self.has_class("-stale")
        if self.rows.has_class("-stale") != stale:
            self.rows.set_class(stale, "-stale")
            self.rows.forget_lines()
            self._detail.dim(stale)

    def open_filter(self) -> None:
        """Attributes are searched as soon as they are read."""
        super().open_filter()
        self._read_attributes(move=True)

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self._show_body(False)
        self.query_one(EmptyPane).display = False
        self.set_timer(_PATIENCE_S, self._say_reading)
        self._live.listed(self.host.session.state.traces.value.rows)
        self.start(self._live.follow, "trace")

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def on_unmount(self) -> None:
        self._live.forget()
        self.nav.forget()

    @on(SpanDetail.TabChosen)
    def _tab_chosen(self, event: SpanDetail.TabChosen) -> None:
        if event.tab == LOGS and self._live.logs.lines is None and not self._live.logs.reading:
            self.start(self._read_logs, "logs")

    @on(FilterLine.Changed)
    def _typed(self, event: FilterLine.Changed) -> None:
        self.nav.find(event.text)

    # -- what was read

    def _take(self, reading: Reading) -> None:
        if not self.ready:
            return
        if reading.view is not None:
            self._show_body(True)
            self.query_one("#note").display = bool(reading.view.waterfall.notes)
            self.nav.show(reading.view, self._span_id)
            if self.nav.wanted:
                self._read_attributes(move=False)
        else:
            hint = AGAIN if reading.error is not None else "It may have made room for others. Esc: back."
            self._say(no_trace(self._live.trace_id, reading.error, hint))
        for bar in ("#summary", "#note"):
            self.query_one(bar, LineBar).redraw()
        self.show_footer()

    async def _drawn(self) -> None:
        """The next frame is on the screen, or another screen is in front."""
        drawn = asyncio.Event()
        if self.call_after_refresh(drawn.set):
            with suppress(TimeoutError):
                await asyncio.wait_for(drawn.wait(), READ_EVERY_S)

    async def _read_logs(self) -> None:
        await self._live.read_logs()
        self._show_span()

    def _read_attributes(self, *, move: bool) -> None:
        finder = self.nav.finder
        if finder is None or finder.complete:
            return

        async def read() -> None:
            await run_in_thread(finder.read)
            if self.ready:
                self.nav.search_again(finder, move=move)

        self.start(read, "find")

    # -- drawing

    def _changed(self, change: Change) -> None:
        """At once, so that the details come in the same frame as the cursor."""
        if not self.ready:
            return
        self.rows.show_change(change)
        if change is not Change.CURSOR or self.nav.found:
            self.query_one("#ruler", LineBar).redraw()
        if change & (Change.CURSOR | Change.JUMP | Change.ROWS):
            self._show_span()
        self.show_footer()

    def _show_span(self) -> None:
        """The details follow the cursor."""
        view = self.nav.view
        if view is not None and self.nav.index >= 0 and self.ready:
            self._detail.show_span(view.waterfall, self.nav.index, self._live.logs)

    def _say(self, told: Told) -> None:
        self._show_body(False)
        self.query_one(EmptyPane).say(*told)

    def _say_reading(self) -> None:
        if self._live.reading is None:
            self._say(READING_TRACE)

    def _show_body(self, shown: bool) -> None:
        """Not by a class of the screen: that has the styles of every widget worked out anew."""
        for name in ("#summary", "#body"):
            self.query_one(name).display = shown
        self.query_one(EmptyPane).display = not shown

    def _fit(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height < 30, "-low")
        self.set_class(size.height >= 45, "-high")

    def _summary(self, width: int) -> Line:
        return header_line(self.nav.view.waterfall, width) if self.nav.view is not None else ()

    def _note(self, width: int) -> Line:
        return note_line(self.nav.view.waterfall, width) if self.nav.view is not None else ()
