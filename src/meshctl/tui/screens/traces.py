"""The traces list: live, narrowed as one types, the way into the waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widget import Widget

from meshctl.core.traces.listing import ShownTraces
from meshctl.engine.state.topic import Topic
from meshctl.errors import MeshError
from meshctl.present.empty import empty_traces
from meshctl.present.heads import traces_head
from meshctl.present.lines import Line
from meshctl.present.trace_rows import list_header
from meshctl.tui.actions import FILTER, HOLD, Action
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import TRACES, ChooseOther, Compare, OpenTrace
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.trace_verbs import PIN, TraceContext
from meshctl.tui.widgets.cursor_list import MOVE_KEYS
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.trace_list import TraceList

#: Figures are drawn anew at most this often, however many traces come in.
DRAW_EVERY_S = 0.5
#: A search waits for the next letter this long.
DEBOUNCE_S = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesContext(TraceContext):
    """``rows`` are how many are listed, ``held`` whether the list is."""

    screen: TracesScreen
    rows: int
    held: bool


def _can_open(c: TracesContext) -> bool:
    return c.trace is not None and not c.compare_with


def _can_choose(c: TracesContext) -> bool:
    return c.trace is not None and bool(c.compare_with)


def _moves(c: TracesContext) -> bool:
    return not c.held and c.rows > 0


def _open(c: TracesContext) -> None:
    c.screen.leave_for(OpenTrace(c.trace_id))


def _choose(c: TracesContext) -> None:
    c.host.go(Compare(c.compare_with, c.trace_id))


def _compare(c: TracesContext) -> None:
    c.screen.leave_for(ChooseOther(c.trace_id))


def _hold(c: TracesContext) -> None:
    c.screen.hold(not c.held)


def _sort(c: TracesContext) -> None:
    c.screen.toggle_order()


def _only_errors(c: TracesContext) -> None:
    c.screen.toggle_errors()


ACTIONS: tuple[Action[TracesContext], ...] = (
    Action("open", "enter", "open", "show the waterfall of the trace", _open, _can_open),
    Action("choose", "enter", "compare with it", "compare with this trace", _choose, _can_choose, meaning="open"),
    Action("hold", "space", "hold", "hold the list still", lambda c: c.screen.hold(True), _moves, None, HOLD),
    Action(
        "follow",
        "space",
        "follow",
        "let new ones come in",
        lambda c: c.screen.hold(False),
        lambda c: c.held,
        None,
        HOLD,
    ),
    Action(
        "only errors",
        "exclamation_mark",
        "errors",
        "only traces with errors, or all",
        lambda c: c.screen.toggle_errors(),
    ),
    Action("sort", "s", "sort", "newest first, or slowest first", _sort, lambda c: c.rows > 0),
    *PIN,
    Action("compare", "x", "compare", "compare with another trace", _compare, _can_open),
    FILTER,
    *FRAME,
)


class TracesScreen(MeshScreen[TracesContext]):
    """With ``compare_with`` it asks for the other trace of a comparison."""

    mode = TRACES
    heading = "Traces"
    of_collector = True
    filters_by = "name, service:orders, >100ms, error, key=value"
    actions = ACTIONS
    widget_keys = MOVE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "traces.tcss"

    def __init__(self, host: Host, compare_with: str = "") -> None:
        super().__init__(host)
        self._compare_with = compare_with
        self._list = TraceList(id="traces")
        self._listing = ShownTraces()
        self._drawn_at = float("-inf")
        self._later: Timer | None = None
        self._debounce: Timer | None = None

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield LineBar(lambda width: list_header(width - 1), id="columns")
        yield self._list
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._list

    def topics(self) -> Sequence[Topic[Any, Any]]:
        return (self.host.session.state.traces,)

    def context(self) -> TracesContext:
        trace = self._list.trace
        return TracesContext(
            host=self.host,
            screen=self,
            trace=None if trace is None or trace.trace_id == self._compare_with else trace,
            compare_with=self._compare_with,
            rows=len(self._list.keys),
            held=self._listing.held,
            finding=self.finding,
            can_go_back=bool(self.filter.text) or self.host.can_go_back,
        )

    def draw_body(self) -> None:
        """The rows at once when the last drawing is a while ago, else when it will be."""
        self._listing.take(self.host.session.state.traces.value.rows)
        wait = self._drawn_at + DRAW_EVERY_S - monotonic()
        if wait <= 0:
            self._draw_rows()
        elif self._later is None:
            self._later = self.set_timer(wait, self._draw_rows)

    # -- what can be done here

    def narrow(self, text: str) -> None:
        """Filter by ``text`` and show the newest."""
        self.filter.put(text)
        self._list.at_newest = True
        self._listing.narrow(text, self._kept_by_collector())
        self._draw_rows()

    def leave_for(self, intent: OpenTrace | ChooseOther) -> None:
        """The cursor stays on its trace until one comes back."""
        self._list.stay()
        self.host.go(intent)

    def hold(self, held: bool) -> None:
        self._listing.hold(held)
        self._draw_rows()

    def toggle_errors(self) -> None:
        self._listing.only_errors = not self._listing.only_errors
        self._draw_rows()

    def toggle_order(self) -> None:
        self._listing.slowest_first = not self._listing.slowest_first
        self._list.at_newest = True
        self._draw_rows()

    # -- events

    def on_screen_resume(self) -> None:
        self._drawn_at = float("-inf")
        super().on_screen_resume()

    @on(TraceList.Moved)
    def _moved(self) -> None:
        self.show_footer()
        self.query_one("#head", LineBar).redraw()

    @on(TraceList.Opened)
    def _opened(self) -> None:
        self.action_press("enter")

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        must_search = self._listing.narrow(event.text, self._kept_by_collector())
        if self._debounce is not None:
            self._debounce.stop()
        self._debounce = self.set_timer(DEBOUNCE_S, self._search) if must_search else None
        self._draw_rows()

    # -- searching

    def _kept_by_collector(self) -> int | None:
        status = self.host.session.state.traces.value.status
        return status.traces if status is not None else None

    def _search(self) -> None:
        self._debounce = None
        self.start(self._ask_collector, "search")

    async def _ask_collector(self) -> None:
        wanted, trouble = self._listing.filter, ""
        found = None
        try:
            found = await self.host.session.traces.search(wanted.query())
        except MeshError as error:
            trouble = str(error)
        if self._listing.answered(wanted, found, trouble, monotonic()):
            self._draw_rows()

    # -- drawing

    def _draw_rows(self) -> None:
        if not self.ready:
            return
        if self._later is not None:
            self._later.stop()
            self._later = None
        self._drawn_at = monotonic()
        rows = self._listing.rows()
        self._list.set_class(self.has_class("-stale"), "-stale")
        self._list.show_traces(rows)
        self.query_one("#head", LineBar).redraw()
        self.query_one("#columns", LineBar).redraw()
        self.set_class(not rows, "-empty")
        if not rows:
            session = self.host.session
            links = session.state.links.value
            self.query_one(EmptyPane).say(*empty_traces(self._listing, session.config.collector, links))
        if self._listing.due(monotonic()):
            self._search()

    def _head(self, width: int) -> Line:
        above = 0 if self._list.at_newest else self._list.above
        return traces_head(self._listing, len(self._list.keys), above, self._compare_with, width)
