"""Who calls whom, how often, how fast and how often in vain: from the spans of the last minutes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshctl.errors import MeshError
from meshctl.model.traces import ServiceEdge
from meshctl.present.empty import empty_map, no_traces
from meshctl.present.findings import causes, waiting
from meshctl.present.heads import WINDOWS, map_head, rule
from meshctl.present.lines import Line
from meshctl.present.map import ends_shown, fitted_map
from meshctl.present.map_table import edge_lines
from meshctl.tui.actions import Action, Context
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import MAP, ShowLogs, ShowService, ShowTraces
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.service_verbs import service_named
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.map_view import MAP_KEYS, MapView

#: Edges are read this often while the map is in front.
READ_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapContext(Context):
    """``node`` is what is selected, '' for nothing; ``known``: it is a service of the project."""

    screen: MapScreen
    node: str
    known: bool


def _show_service(c: MapContext) -> None:
    c.host.go(ShowService(c.node))


def _show_traces(c: MapContext) -> None:
    c.host.go(ShowTraces(f"service:{c.node}"))


def _show_logs(c: MapContext) -> None:
    c.host.go(ShowLogs(c.node))


ACTIONS: tuple[Action[MapContext], ...] = (
    Action("service", "enter", "service", "go to the service", _show_service, lambda c: c.known, meaning="open"),
    Action("traces", "t", "traces", "show the traces of the service", _show_traces, lambda c: bool(c.node)),
    Action("logs", "l", "logs", "follow the logs of the service", _show_logs, lambda c: c.known),
    Action("window", "d", "window", "look back a minute, ten, or to the first", lambda c: c.screen.next_window()),
    *FRAME,
)


class MapScreen(MeshScreen[MapContext]):
    """The map where it fits, and always the table below it."""

    mode = MAP
    heading = "Map"
    of_collector = True
    actions = ACTIONS
    widget_keys = MAP_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "map.tcss"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._view = MapView(id="map")
        self._table = LinePane(id="edges")
        self._table.can_focus = False
        self._window = 0
        self._edges: tuple[ServiceEdge, ...] | None = None
        self._error: MeshError | None = None
        self._asking = False
        self._drawn_for: tuple[object, ...] = ()

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield self._view
        yield LineBar(partial(rule, "calls"), id="edges-rule")
        yield self._table
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._view

    def context(self) -> MapContext:
        node = self._view.selected
        known = service_named(self.host.session.state.services.value.services, node) is not None
        return MapContext(
            host=self.host,
            screen=self,
            finding=self.finding,
            can_go_back=self.host.can_go_back,
            node=node,
            known=known,
        )

    def draw_body(self) -> None:
        self.set_class(not self._edges, "-empty")
        self.query_one("#head", LineBar).redraw()
        if self._edges:
            self._draw_map(self._edges)
        else:
            self._say_why()

    def next_window(self) -> None:
        """Look back another time."""
        self._window = (self._window + 1) % len(WINDOWS)
        self._read()

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(READ_EVERY_S, self._read_in_front)

    def on_screen_resume(self) -> None:
        self._read()
        super().on_screen_resume()

    def on_resize(self, event: events.Resize) -> None:
        self._drawn_for = ()
        self.call_after_refresh(self.draw)

    @on(MapView.Moved)
    def _moved(self) -> None:
        self.draw()

    @on(MapView.Opened)
    def _opened(self) -> None:
        self.action_press("enter")

    # -- reading

    def _read_in_front(self) -> None:
        if self.is_current and not self._asking:
            self._read()

    def _read(self) -> None:
        self._asking = True
        self.start(partial(self._ask_collector, WINDOWS[self._window][0]), "edges")

    async def _ask_collector(self, window_s: float) -> None:
        try:
            self._edges, self._error = await self.host.session.traces.edges(window_s), None
        except MeshError as error:
            self._error = error
        self._asking = False
        self.draw()

    # -- drawing

    def _draw_map(self, edges: tuple[ServiceEdge, ...]) -> None:
        known = self.host.session.state.services.value
        health = ends_shown(known.services, edges)
        hurting = frozenset(causes(known.findings, waiting(known.services)))
        selected, stale = self._view.choose(list(health)), self.has_class("-stale")
        wanted = (edges, tuple(health.items()), hurting, selected, self.size, stale)
        if wanted == self._drawn_for:
            return
        self._drawn_for = wanted
        for pane in (self._view, self._table):
            pane.set_class(stale, "-stale")
            pane.refresh()
        drawn = fitted_map(health, edges, self.size.width, self.size.height, selected, hurting)
        self.set_class(drawn is None, "-listed")
        self._view.show_map(drawn, list(health))
        self._table.show(edge_lines(edges, self.size.width - 1, selected))
        self.query_one("#edges-rule", LineBar).redraw()

    def _say_why(self) -> None:
        session, (seconds, words) = self.host.session, WINDOWS[self._window]
        collector, state = session.config.collector, session.state
        none = no_traces(collector, state.links.value)
        window = words if state.traces.value.rows and seconds else ""
        self.query_one(EmptyPane).say(*empty_map(self._edges is not None, self._error, window, none))

    def _head(self, width: int) -> Line:
        return map_head(WINDOWS[self._window][1], len(self._edges or ()), width)
