"""Two traces side by side: what got slower, what is new, what is gone."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from meshctl.core.traces.diff import TraceDiff, diff
from meshctl.present.empty import READING_BOTH, Told, no_trace
from meshctl.present.heads import compare_head
from meshctl.present.trace_diff import diff_lines
from meshctl.threads import run_in_thread
from meshctl.tui.actions import Context
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import TRACES
from meshctl.tui.live_trace import NO_SEARCH, read_waterfall
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LOOK_KEYS, LinePane


class DiffPane(LinePane):
    """Scrolls by line and by page; drawn for its width, which it has only when it was laid out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False, priority=True),
        Binding("down,j", "scroll_down", show=False, priority=True),
    ]
    _difference: TraceDiff | None = None

    def compare(self, difference: TraceDiff) -> None:
        self._difference = difference
        self.on_resize()

    def on_resize(self) -> None:
        if self._difference is not None and self.size.width:
            self.show(diff_lines(self._difference, self.size.width - 1))


class CompareScreen(MeshScreen[Context]):
    """The older trace is the one before, the newer the one after."""

    mode = TRACES
    heading = "Compare"
    of_collector = True
    actions = FRAME
    widget_keys = LOOK_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(FRAME)
    CSS_PATH = "compare.tcss"

    def __init__(self, host: Host, one: str, other: str) -> None:
        super().__init__(host)
        self._ids = (one, other)
        self._pane = DiffPane(id="difference")

    def body(self) -> ComposeResult:
        yield LineBar(compare_head, id="head")
        yield self._pane
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._pane

    def context(self) -> Context:
        return Context(host=self.host, screen=self, finding=self.finding, can_go_back=True)

    def draw_body(self) -> None:
        self.query_one("#head", LineBar).redraw()

    def on_mount(self) -> None:
        super().on_mount()
        self._say(READING_BOTH)
        self.start(self._read, "traces")

    async def _read(self) -> None:
        with NO_SEARCH:
            one, other = await asyncio.gather(*(read_waterfall(self.host.session.traces, id) for id in self._ids))
        if not self.ready:
            return
        for trace_id, reading in zip(self._ids, (one, other), strict=True):
            if reading.waterfall is None:
                self._say(no_trace(trace_id, reading.error, "Esc goes back."))
                return
        assert one.waterfall is not None and other.waterfall is not None
        before, after = sorted((one.waterfall, other.waterfall), key=lambda w: w.start_ns)
        difference = await run_in_thread(lambda: diff(before, after))
        if self.ready:
            self.set_class(False, "-empty")
            self._pane.compare(difference)

    def _say(self, told: Told) -> None:
        self.set_class(True, "-empty")
        self.query_one(EmptyPane).say(*told)
