"""Home: every service, what is not well first, and why."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from meshctl.model.status import Health, ServiceStatus
from meshctl.present.events import event_lines
from meshctl.present.frame import empty_services
from meshctl.present.lines import MUTED, Line, Segment
from meshctl.present.service_detail import service_detail
from meshctl.present.services_rows import ServicesTable, services_rows
from meshctl.tui.context import SERVICES, Context
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.view import View
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane
from meshctl.tui.widgets.service_list import ServiceList

#: From this width on the details stand beside the list.
WIDE = 140


class ServicesScreen(MeshScreen):
    """The list, the details of the selected service, and what happened lately."""

    mode = SERVICES
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(SERVICES)
    filters_by = "name, kind or state"
    CSS_PATH = "services.tcss"

    def body(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield LineBar(lambda width: self._table().header, id="head")
                yield ServiceList(id="list")
                yield EmptyPane(id="empty")
            yield LinePane(id="detail")
        yield LineBar(_events_rule, id="events-rule")
        yield LinePane(id="events")

    def main_widget(self) -> Widget:
        return self.query_one("#detail" if self.has_class("-detail") else "#list")

    def context(self, service: str = "") -> Context:
        state = self.mesh_app.state
        listing = self.query_one(ServiceList)
        status = find(state, service or listing.selected)
        focused_detail = self.focused is not None and self.focused.id == "detail"
        return Context(
            screen=SERVICES,
            service=status,
            instances=len(status.instances) if status is not None else 0,
            engine_up=self.mesh_app.engine_up(),
            anything_down=any(s.health is Health.STOPPED for s in state.services),
            can_go_back=self.has_class("-detail")
            or focused_detail
            or bool(self.query_one(FilterLine).text or self.mesh_app.trail),
        )

    def show_state(self, state: View, now: float) -> None:
        super().show_state(state, now)
        listing = self.query_one(ServiceList)
        table = self._table()
        listing.set_class(self.has_class("-stale"), "-stale")
        listing.show_rows(table.rows)
        self._select_wanted(listing)
        self.query_one("#head", LineBar).redraw()
        self._show_empty(state, not table.rows)
        self._show_detail(state, now)
        events_pane = self.query_one("#events", LinePane)
        events_pane.show(event_lines(state.events, events_pane.size.width, events_pane.size.height))
        self.show_footer()

    # -- actions

    def do_open(self, context: Context) -> None:
        if not self.has_class("-wide"):
            self.add_class("-detail")
        self.query_one("#detail").focus()
        self.call_after_refresh(self.mesh_app.redraw)

    def do_back(self, context: Context) -> None:
        focused_detail = self.focused is not None and self.focused.id == "detail"
        if self.has_class("-detail") or focused_detail:
            self.remove_class("-detail")
            self.query_one("#list").focus()
        elif self.query_one(FilterLine).text:
            self.query_one(FilterLine).clear()
        else:
            self.mesh_app.go_back()
        self.call_after_refresh(self.mesh_app.redraw)

    # -- events

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        if self.has_class("-wide"):
            self.remove_class("-detail")
        self.set_class(event.size.height < 30, "-low")
        self.call_after_refresh(self.mesh_app.redraw)

    @on(ServiceList.Moved)
    def _moved(self) -> None:
        self.query_one("#detail", LinePane).scroll_home(animate=False)
        self._show_detail(self.mesh_app.state, self.mesh_app.now())
        self.show_footer()

    @on(ServiceList.Opened)
    def _opened(self) -> None:
        self.do_open(self.context())

    @on(FilterLine.Changed)
    def _filtered(self) -> None:
        self.mesh_app.redraw()

    def on_descendant_focus(self) -> None:
        self.show_footer()

    def on_screen_resume(self) -> None:
        if self.mesh_app.wanted_service:
            self.query_one(FilterLine).clear()
        super().on_screen_resume()

    # -- drawing

    def _select_wanted(self, listing: ServiceList) -> None:
        """Who jumped here wants to see a service."""
        if self.mesh_app.wanted_service:
            listing.select(self.mesh_app.wanted_service)
            self.mesh_app.wanted_service = ""

    def _table(self) -> ServicesTable:
        app, room = self.mesh_app, self.query_one("#list").size
        wanted = self.query_one(FilterLine).text
        width = room.width or self.query_one("#main").size.width
        return services_rows(
            app.state.services,
            app.state.usage,
            width,
            app.now(),
            height=room.height,
            wanted=wanted,
            pending=app.pending,
        )

    def _show_detail(self, state: View, now: float) -> None:
        pane = self.query_one("#detail", LinePane)
        if not pane.display or not pane.size.width:
            return
        pane.set_class(self.has_class("-stale"), "-stale")
        status = find(state, self.query_one(ServiceList).selected)
        if status is None:
            pane.show([])
            return
        spec = self.mesh_app.spec(status.service)
        usage = state.usage.get(status.service)
        pane.show(service_detail(status, spec, usage, state.events, now, pane.size.width - 1))

    def _show_empty(self, state: View, empty: bool) -> None:
        self.set_class(empty, "-empty")
        if empty:
            self.query_one(EmptyPane).say(
                *empty_services(len(state.services), state.links, state.observed_at, self.query_one(FilterLine).text)
            )


def find(state: View, service: str) -> ServiceStatus | None:
    return next((status for status in state.services if status.service == service), None)


def _events_rule(width: int) -> Line:
    return (Segment("─ events " + "─" * max(0, width - 9), MUTED),)
