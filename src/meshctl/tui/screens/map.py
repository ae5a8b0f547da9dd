"""Who calls whom, how often, how fast and how often in vain: from the spans of the last minutes."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshctl.errors import MeshError
from meshctl.model.status import Health
from meshctl.model.traces import ServiceEdge
from meshctl.present.lines import ACCENT, MUTED, STRONG, Line, Segment, between
from meshctl.present.map import ServiceMap, ends_shown, service_map
from meshctl.present.map_table import edge_lines
from meshctl.tui.context import MAP, Context
from meshctl.tui.screens.base import key_bindings
from meshctl.tui.screens.services import find
from meshctl.tui.screens.traces_base import CollectorScreen
from meshctl.tui.view import View
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.map_view import MapView

#: (seconds, words) of the times that are looked back; 0 is all that is kept.
WINDOWS = ((60.0, "the last minute"), (600.0, "the last 10 minutes"), (0.0, "all that is kept"))
#: Edges are read this often while the map is in front.
READ_EVERY_S = 1.0
#: Lines that the table must have at least.
_TABLE = 5


class MapScreen(CollectorScreen):
    """The map where it fits, and always the table below it."""

    mode = MAP
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(MAP)
    CSS_PATH = "map.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._window = 0
        self._edges: tuple[ServiceEdge, ...] | None = None
        self._error: MeshError | None = None
        self._asking = False
        self._drawn_for: tuple[object, ...] = ()

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield MapView(id="map")
        yield LineBar(_rule, id="edges-rule")
        table = LinePane(id="edges")
        table.can_focus = False
        yield table
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._view

    def context(self, service: str = "") -> Context:
        name = service or self._view.selected
        return Context(
            screen=MAP,
            service=find(self.mesh_app.state, name) if name else None,
            rows=1 if name else 0,
            can_go_back=bool(self.mesh_app.trail),
        )

    def show_state(self, state: View, now: float) -> None:
        super().show_state(state, now)
        self._draw()

    # -- actions

    def do_enter_node(self, context: Context) -> None:
        if context.service is not None:
            self.mesh_app.jump_to_service(context.service.service)

    def do_node_traces(self, context: Context) -> None:
        self.mesh_app.jump_to_traces(f"service:{self._view.selected}")

    def do_window(self, context: Context) -> None:
        self._window = (self._window + 1) % len(WINDOWS)
        self._read()

    def do_back(self, context: Context) -> None:
        self.mesh_app.go_back()

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(READ_EVERY_S, self._read_in_front)

    def on_screen_resume(self) -> None:
        self._read()
        super().on_screen_resume()

    def on_resize(self, event: events.Resize) -> None:
        self._drawn_for = ()
        self.call_after_refresh(self._draw)

    @on(MapView.Moved)
    def _moved(self) -> None:
        self._draw()
        self.show_footer()

    @on(MapView.Opened)
    def _opened(self) -> None:
        self.action_press("enter")

    # -- reading

    def _read_in_front(self) -> None:
        if self.is_current and not self._asking:
            self._read()

    def _read(self) -> None:
        self._asking = True
        self.start(partial(self._ask, WINDOWS[self._window][0]), "edges")

    async def _ask(self, window_s: float) -> None:
        edges, self._error = await self.asked(lambda: self.mesh_app.session.traces.edges(window_s))
        self._asking = False
        if edges is not None:
            self._edges = edges
        self._draw()

    # -- drawing

    @property
    def _view(self) -> MapView:
        return self.query_one(MapView)

    def _draw(self) -> None:
        if not self.ready:
            return
        empty = not self._edges
        self.set_class(empty, "-empty")
        self.query_one("#head", LineBar).redraw()
        if empty:
            self.query_one(EmptyPane).say(*self._empty_words())
            self.show_footer()
            return
        edges, health, stale = (
            self._edges or (),
            ends_shown(self.mesh_app.state.services, self._edges or ()),
            self.has_class("-stale"),
        )
        selected = self._view.choose(list(health))
        wanted = (edges, tuple(health.items()), selected, self.size, stale)
        if wanted == self._drawn_for:
            return
        self._drawn_for = wanted
        for pane in (self._view, self.query_one("#edges", LinePane)):
            pane.set_class(stale, "-stale")
            pane.refresh()
        drawn = self._fitted(health, edges, selected)
        self.set_class(drawn is None, "-listed")
        self._view.show_map(drawn, list(health))
        self.query_one("#edges", LinePane).show(edge_lines(edges, self.size.width - 1, selected))
        self.query_one("#edges-rule", LineBar).redraw()
        self.show_footer()

    def _fitted(
        self, health: dict[str, Health | None], edges: tuple[ServiceEdge, ...], selected: str
    ) -> ServiceMap | None:
        """The frame takes six lines, the table's rule two; the table has what it needs, at most two fifths."""
        room = self.size.height - 8
        table = min(len(edges) + 1, max(_TABLE, self.size.height * 2 // 5))
        return service_map(health, edges, self.size.width, room - table, selected)

    def _empty_words(self) -> tuple[str, str]:
        if self._edges is None and self._error is None:
            return "Reading who calls whom…", ""
        if self._error is not None:
            return str(self._error), self._error.hint or "It is tried again by itself."
        if self.mesh_app.state.traces and WINDOWS[self._window][0]:
            return f"No calls between services in {WINDOWS[self._window][1]}.", "`w` looks further back."
        return self.no_traces()

    def _head(self, width: int) -> Line:
        words = WINDOWS[self._window][1]
        count = len(self._edges or ())
        left = (Segment(" calls in ", MUTED), Segment(words, STRONG), Segment("  w changes", MUTED))
        legend = (
            Segment("── ", ACCENT),
            Segment("call  ", MUTED),
            Segment("╌╌ ", ACCENT),
            Segment("message  ", MUTED),
            Segment(f"{count:,} edges ", MUTED),
        )
        return between(left, legend, width)


def _rule(width: int) -> Line:
    return (Segment("─ calls " + "─" * max(0, width - 8), MUTED),)
