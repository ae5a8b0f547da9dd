"""What the selected span says of itself: a heading with tabs, and the tab's lines."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from meshctl.model.waterfall import Waterfall
from meshctl.present.span_tabs import ATTRIBUTES, TABS, TraceLogs, heading_lines, tab_at, tab_lines
from meshctl.tui.widgets.line_pane import LinePane


class SpanHead(LinePane, can_focus=False):
    """Posts ``Clicked`` with the place of a click."""

    @dataclass
    class Clicked(Message):
        """Column and line within the heading."""

        place: tuple[int, int]

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked((event.x, event.y)))


class SpanDetail(Vertical):
    """Call ``show_span`` when another span is selected or its logs have come."""

    DEFAULT_CSS = """
    SpanDetail { height: 11; }
    SpanDetail SpanHead { height: 1; }
    SpanDetail #span-body { height: 1fr; }
    """

    @dataclass
    class TabChosen(Message):
        """Another tab is in front."""

        tab: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tab = ATTRIBUTES
        self._shown: tuple[Waterfall, int] | None = None
        self._logs = TraceLogs()

    def compose(self) -> ComposeResult:
        yield SpanHead(id="span-head")
        body = LinePane(id="span-body")
        body.can_focus = False
        yield body

    def show_span(self, w: Waterfall, index: int, logs: TraceLogs) -> None:
        """Draw a row of the waterfall; scrolling begins anew with another span."""
        if self._shown is None or self._shown[0] is not w or self._shown[1] != index:
            self._body.scroll_home(animate=False, immediate=True)
        self._shown, self._logs = (w, index), logs
        self._draw()

    def on_unmount(self) -> None:
        """Let go of the trace."""
        self._shown = None

    def choose(self, tab: str) -> None:
        """Bring a tab to the front."""
        if tab and tab != self.tab:
            self.tab = tab
            self._body.scroll_home(animate=False, immediate=True)
            self._draw()
            self.post_message(self.TabChosen(tab))

    def cycle(self, by: int) -> None:
        self.choose(TABS[(TABS.index(self.tab) + by) % len(TABS)])

    def scroll_by(self, lines: int) -> None:
        self._body.scroll_relative(y=lines, animate=False)

    def dim(self, stale: bool) -> None:
        """As old as the rest of the screen."""
        for pane in self.query(LinePane):
            pane.set_class(stale, "-stale")

    def on_resize(self) -> None:
        self._draw()

    @property
    def _body(self) -> LinePane:
        return self.query_one("#span-body", LinePane)

    def on_span_head_clicked(self, event: SpanHead.Clicked) -> None:
        event.stop()
        if self._shown is not None:
            self.choose(tab_at(*self._shown, self.tab, self._logs, self.size.width, event.place))

    def _draw(self) -> None:
        width = self.size.width
        if self._shown is None or width < 2:
            return
        head = self.query_one(SpanHead)
        lines = heading_lines(*self._shown, self.tab, self._logs, width)
        head.styles.height = len(lines)
        head.show(lines)
        self._body.show(tab_lines(*self._shown, self.tab, self._logs, width - 1))
