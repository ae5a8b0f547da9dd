"""The traces list: live, narrowed as one types, the way into the waterfall."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widget import Widget

from meshctl.core.traces.listing import ShownTraces
from meshctl.core.traces.search import parse_filter
from meshctl.present.lines import ACCENT, BUSY, MUTED, STRONG, WARN, Line, Segment, between
from meshctl.present.trace_rows import list_header
from meshctl.tui.context import TRACES, Context
from meshctl.tui.screens.base import key_bindings
from meshctl.tui.screens.traces_base import CollectorScreen
from meshctl.tui.view import View
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.trace_list import TraceList

#: Figures are drawn anew at most this often, however many traces come in.
DRAW_EVERY_S = 0.5
#: A search waits for the next letter this long, and is repeated this often while traces come in.
DEBOUNCE_S = 0.15
AGAIN_S = 2.0


class TracesScreen(CollectorScreen):
    """With ``compare_with`` it asks for the other trace of a comparison."""

    mode = TRACES
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(TRACES)
    filters_by = "name, service:orders, >100ms, error, key=value"
    CSS_PATH = "traces.tcss"

    def __init__(self, compare_with: str = "") -> None:
        super().__init__()
        self._compare_with = compare_with
        self._listing = ShownTraces()
        self._drawn_at = float("-inf")
        self._later: Timer | None = None
        self._debounce: Timer | None = None
        self._searched_at = 0.0
        self._searching = False
        self._trouble = ""

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield LineBar(lambda width: list_header(width - 1), id="columns")
        yield TraceList(id="traces")
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._list

    def context(self, service: str = "") -> Context:
        trace = self._list.trace
        return Context(
            screen=TRACES,
            trace=None if trace is None or trace.trace_id == self._compare_with else trace,
            rows=len(self._list.keys),
            picking=bool(self._compare_with),
            following=not self._listing.held,
            can_go_back=bool(self._filter.text or self.mesh_app.trail or self._compare_with),
        )

    def show_state(self, state: View, now: float) -> None:
        super().show_state(state, now)
        self._listing.take(state.traces)
        wait = self._drawn_at + DRAW_EVERY_S - monotonic()
        if wait <= 0:
            self._draw()
        elif self._later is None:
            self._later = self.set_timer(wait, self._draw)

    # -- actions

    def do_open_trace(self, context: Context) -> None:
        if context.trace is not None:
            self._list.stay()
            self.mesh_app.open_trace(context.trace.trace_id)

    def do_pick(self, context: Context) -> None:
        if context.trace is not None:
            self.mesh_app.compare_traces(self._compare_with, context.trace.trace_id)

    def do_compare(self, context: Context) -> None:
        if context.trace is not None:
            self._list.stay()
            self.mesh_app.pick_other(context.trace.trace_id)

    def do_hold_list(self, context: Context) -> None:
        self._listing.hold(True)
        self._draw()

    def do_follow_list(self, context: Context) -> None:
        self._listing.hold(False)
        self._draw()

    def do_only_errors(self, context: Context) -> None:
        self._listing.only_errors = not self._listing.only_errors
        self._draw()

    def do_sort(self, context: Context) -> None:
        self._listing.slowest_first = not self._listing.slowest_first
        self._list.at_newest = True
        self._draw()

    def do_back(self, context: Context) -> None:
        """A filter is cleared first; then back to where one came from."""
        if self._filter.text:
            self._filter.clear()
        elif self._compare_with:
            self.mesh_app.pop_screen()
        else:
            self.mesh_app.go_back()

    # -- events

    def on_screen_resume(self) -> None:
        if self.mesh_app.wanted_traces is not None:
            if self._compare_with:
                self.mesh_app.pop_screen()
                return
            self._filter.put(self.mesh_app.wanted_traces)
            self.mesh_app.wanted_traces = None
            self._list.at_newest = True
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
        self._listing.narrow(parse_filter(event.text))
        self._trouble = ""
        if self._debounce is not None:
            self._debounce.stop()
        self._searching = self._must_search()
        self._debounce = self.set_timer(DEBOUNCE_S, self._search) if self._searching else None
        self._draw()

    # -- searching

    def _must_search(self) -> bool:
        """Whether the collector may know of more than the list does."""
        wanted, status = self._listing.filter, self.mesh_app.state.collector
        if wanted.empty or wanted.pinned:
            return False
        return wanted.hidden or bool(wanted.words) or status is None or status.traces > self._listing.kept

    def _search(self) -> None:
        self._debounce = None
        self.start(self._ask, "search")

    async def _ask(self) -> None:
        wanted = self._listing.filter
        found, error = await self.asked(lambda: self.mesh_app.session.traces.search(wanted.query()))
        if wanted != self._listing.filter:
            return
        self._searching, self._searched_at = False, monotonic()
        self._trouble = str(error) if error is not None else ""
        if found is not None:
            self._listing.found = found
        self._draw()

    def _search_again(self) -> None:
        """What only the collector can judge is asked again while traces come in."""
        due = monotonic() - self._searched_at >= AGAIN_S
        if self._listing.filter.hidden and not self._searching and not self._listing.held and due:
            self._searched_at = monotonic()
            self._search()

    # -- drawing

    @property
    def _list(self) -> TraceList:
        return self.query_one(TraceList)

    @property
    def _filter(self) -> FilterLine:
        return self.query_one(FilterLine)

    def _draw(self) -> None:
        if not self.ready:
            return
        if self._later is not None:
            self._later.stop()
            self._later = None
        self._drawn_at = monotonic()
        self._listing.narrow(parse_filter(self._filter.text))
        rows = self._listing.rows()
        self._list.set_class(self.has_class("-stale"), "-stale")
        self._list.show_traces(rows)
        self.query_one("#head", LineBar).redraw()
        self.query_one("#columns", LineBar).redraw()
        self.set_class(not rows, "-empty")
        if not rows:
            self.query_one(EmptyPane).say(*self._empty_words())
        self.show_footer()
        self._search_again()

    def _empty_words(self) -> tuple[str, str]:
        if self._searching:
            return "Searching…", ""
        if self._trouble:
            return self._trouble, "It is searched again with the next letter."
        if not self._listing.filter.empty:
            return f"No trace matches “{self._filter.text}”.", "Esc clears the filter."
        if self._listing.only_errors and self._listing.kept:
            return "No trace has errors.", "`e` shows all of them."
        return self.no_traces()

    def _head(self, width: int) -> Line:
        shown, kept = len(self._list.keys), self._listing.kept
        count = f"{kept:,} traces" if shown == kept else f"{shown:,} of {kept:,} traces"
        order = "slowest first" if self._listing.slowest_first else "newest first"
        what = f"{count} · {order}{' · only errors' if self._listing.only_errors else ''} "
        left = [Segment(" ")]
        if self._compare_with:
            left += [Segment("compare ", MUTED), Segment(self._compare_with[:12], ACCENT), Segment(" with…  ", STRONG)]
        return between((*left, *self._how()), (Segment(what, MUTED),), width)

    def _how(self) -> list[Segment]:
        if self._listing.held:
            newer = f", {self._listing.newer:,} newer" if self._listing.newer else ""
            return [Segment(f"‖ held{newer}, space follows", WARN)]
        if self._searching:
            return [Segment("◌ searching the collector…", BUSY)]
        if self._trouble:
            return [Segment(f"✖ {self._trouble}", WARN)]
        if self._listing.found is not None:
            return [Segment("⌕ found by the collector", ACCENT)]
        if self._list.above and not self._list.at_newest:
            return [Segment(f"▲ {self._list.above:,} above, home follows", MUTED)]
        return [Segment("▶ following", ACCENT)] if self._listing.kept else []
