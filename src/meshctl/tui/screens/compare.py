"""Two traces side by side: what got slower, what is new, what is gone."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from meshctl.core.traces.diff import TraceDiff, diff
from meshctl.present.lines import MUTED, STRONG, Line, Segment, between
from meshctl.present.trace_diff import diff_lines
from meshctl.present.trace_rows import ID_SHOWN
from meshctl.tui.context import COMPARE, TRACES, Context
from meshctl.tui.live_trace import NO_SEARCH, Reading, read_waterfall
from meshctl.tui.screens.base import key_bindings
from meshctl.tui.screens.traces_base import CollectorScreen
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane


class DiffPane(LinePane):
    """Scrolls by line and by page; drawn for its width, which it has only when it was laid out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False),
        Binding("down,j", "scroll_down", show=False),
    ]
    _difference: TraceDiff | None = None

    def compare(self, difference: TraceDiff) -> None:
        self._difference = difference
        self.on_resize()

    def on_resize(self) -> None:
        if self._difference is not None and self.size.width:
            self.show(diff_lines(self._difference, self.size.width - 1))


class CompareScreen(CollectorScreen):
    """The older trace is the one before, the newer the one after."""

    mode = TRACES
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(COMPARE)
    CSS_PATH = "compare.tcss"

    def __init__(self, one: str, other: str) -> None:
        super().__init__()
        self._ids = (one, other)

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield DiffPane(id="difference")
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self.query_one(DiffPane)

    def context(self, service: str = "") -> Context:
        return Context(screen=COMPARE, can_go_back=True)

    def do_back(self, context: Context) -> None:
        self.mesh_app.pop_screen()

    def on_mount(self) -> None:
        super().on_mount()
        self._say("Reading both traces…")
        self.start(self._read, "traces")

    def on_screen_resume(self) -> None:
        if self.mesh_app.wanted_traces is not None:
            self.mesh_app.pop_screen()
        else:
            super().on_screen_resume()

    async def _read(self) -> None:
        with NO_SEARCH:
            one, other = await asyncio.gather(*(read_waterfall(self.mesh_app.session.traces, id) for id in self._ids))
        if not self.ready:
            return
        for trace_id, reading in zip(self._ids, (one, other), strict=True):
            if reading.waterfall is None:
                self._say(*_missing(trace_id, reading))
                return
        assert one.waterfall is not None and other.waterfall is not None
        before, after = sorted((one.waterfall, other.waterfall), key=lambda w: w.start_ns)
        difference = await asyncio.to_thread(diff, before, after)
        if self.ready:
            self.set_class(False, "-empty")
            self.query_one(DiffPane).compare(difference)

    def _say(self, sentence: str, step: str = "") -> None:
        self.set_class(True, "-empty")
        self.query_one(EmptyPane).say(sentence, step)

    def _head(self, width: int) -> Line:
        right = Segment("changes of self time; the older one is before ", MUTED)
        return between((Segment(" two traces compared", STRONG),), (right,), width)


def _missing(trace_id: str, reading: Reading) -> tuple[str, str]:
    if reading.error is not None:
        return str(reading.error), reading.error.hint or "Esc goes back."
    return f"The collector knows nothing of trace {trace_id[:ID_SHOWN]}.", "Esc goes back."
