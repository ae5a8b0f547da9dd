"""Home: every service, what is not well first, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from meshctl.engine.session import Ability
from meshctl.engine.state.topic import Topic
from meshctl.model.containers import ContainerState
from meshctl.model.status import Health, ServiceStatus
from meshctl.present.empty import empty_services
from meshctl.present.events import event_lines
from meshctl.present.findings import concerning, waiting
from meshctl.present.frame import is_reached
from meshctl.present.heads import rule
from meshctl.present.lines import Line
from meshctl.present.service_detail import service_detail
from meshctl.present.services_rows import Row, ServicesTable, services_rows
from meshctl.tui.actions import FILTER, Action, Question
from meshctl.tui.commands import Command, bring_up
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import SERVICES
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.service_verbs import VERBS, ServiceContext, has_service, service_named
from meshctl.tui.widgets.cursor_list import MOVE_KEYS, CursorList
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LinePane

#: From this width on the details stand beside the list.
WIDE = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicesContext(ServiceContext):
    """``anything_down``: something could be brought up."""

    screen: ServicesScreen
    anything_down: bool


def _open(c: ServicesContext) -> None:
    c.screen.show_details()


def _up(c: ServicesContext) -> None:
    c.host.carry_out(Command("starting", partial(bring_up, ())))


def _is_down(status: ServiceStatus) -> bool:
    """Whether it was stopped or has died; what has done its work stays as it is."""
    died = any(instance.state is ContainerState.EXITED for instance in status.instances)
    return status.health is Health.STOPPED or (died and status.health is not Health.DONE)


def _can_bring_up(c: ServicesContext) -> bool:
    return c.reached and c.anything_down


def _ask_up(c: ServicesContext) -> Question:
    return Question("Start everything that is not running?")


ACTIONS: tuple[Action[ServicesContext], ...] = (
    Action("open", "enter", "open", "show the details of the service", _open, has_service),
    *VERBS,
    Action("up", "U", "up", "start everything that is not running", _up, _can_bring_up, _ask_up, needs=Ability.UP),
    FILTER,
    *FRAME,
)


class ServiceList(CursorList):
    """Headings and rows are few: they come drawn."""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows. The selected service stays selected; if it is gone, its neighbour is."""
        self.lines = [row.line for row in rows]
        self.show_keys([row.key for row in rows])

    def line_at(self, index: int) -> Line:
        return self.lines[index]


class ServicesScreen(MeshScreen[ServicesContext]):
    """The list, the details of the selected service, and what happened lately."""

    mode = SERVICES
    heading = "Services"
    filters_by = "name, kind or state"
    actions = ACTIONS
    widget_keys = MOVE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "services.tcss"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._header: Line = ()
        self._list = ServiceList(id="list")
        self._detail = LinePane(id="detail")
        self._events = LinePane(id="events")

    def body(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield LineBar(lambda width: self._header, id="head")
                yield self._list
                yield EmptyPane(id="empty")
            yield self._detail
        yield LineBar(partial(rule, "events"), id="events-rule")
        yield self._events

    def main_widget(self) -> Widget:
        return self._detail if self.has_class("-detail") else self._list

    def topics(self) -> Sequence[Topic[Any, Any]]:
        state = self.host.session.state
        return state.usage, state.events

    def context(self) -> ServicesContext:
        host, state, selected = self.host, self.host.session.state, self._list.selected
        return ServicesContext(
            host=host,
            screen=self,
            service=service_named(state.services.value.services, selected),
            doing=host.pending.get(selected, ""),
            reached=is_reached(state.links.value),
            anything_down=any(map(_is_down, state.services.value.services)),
            finding=self.finding,
            can_go_back=self._in_details or bool(self.filter.text) or host.can_go_back,
        )

    def draw_body(self) -> None:
        table = self._table()
        self._header = table.header
        self._list.set_class(self.has_class("-stale"), "-stale")
        self._list.show_rows(table.rows)
        self.query_one("#head", LineBar).redraw()
        self.set_class(not table.rows, "-empty")
        if not table.rows:
            self._show_empty()
        self._show_detail()
        events, room = self.host.session.state.events.value, self._events.size
        self._events.show(event_lines(events, room.width, room.height))

    # -- what can be done here

    def select(self, service: str) -> None:
        """The cursor on that service, whatever was filtered by."""
        self.filter.clear()
        self.draw()
        self._list.select(service)

    def show_details(self) -> None:
        """Beside the list where it is wide, else in place of it."""
        if not self.has_class("-wide"):
            self.add_class("-detail")
        self._detail.focus()
        self.call_after_refresh(self.draw)

    def go_back(self) -> None:
        """Out of the details first."""
        if not self._in_details:
            super().go_back()
            return
        self.remove_class("-detail")
        self._list.focus()
        self.call_after_refresh(self.draw)

    # -- events

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        if self.has_class("-wide"):
            self.remove_class("-detail")
        self.set_class(event.size.height < 30, "-low")
        self.call_after_refresh(self.draw)

    @on(ServiceList.Moved)
    def _moved(self) -> None:
        self._detail.scroll_home(animate=False)
        self._show_detail()
        self.show_footer()

    @on(ServiceList.Opened)
    def _opened(self) -> None:
        self.show_details()

    @on(FilterLine.Changed)
    def _filtered(self) -> None:
        self.draw()

    def on_descendant_focus(self) -> None:
        self.show_footer()

    # -- drawing

    @property
    def _in_details(self) -> bool:
        return self.has_class("-detail") or self.focused is self._detail

    def _table(self) -> ServicesTable:
        session, room = self.host.session, self._list.size
        width = room.width or self.query_one("#main").size.width
        return services_rows(
            session.state.services.value.services,
            session.state.usage.value,
            width,
            session.now(),
            height=room.height,
            wanted=self.filter.text,
            pending=self.host.pending,
            findings=session.state.services.value.findings,
        )

    def _show_detail(self) -> None:
        pane, session = self._detail, self.host.session
        if not pane.display or not pane.size.width:
            return
        pane.set_class(self.has_class("-stale"), "-stale")
        name, state = self._list.selected, session.state
        status = service_named(state.services.value.services, name)
        if status is None:
            pane.show([])
            return
        spec, usage = session.config.services.get(name), state.usage.value.get(name)
        known, events, width = state.services.value, state.events.value, pane.size.width - 1
        found, held = concerning(known.findings, (name,)), waiting(known.services)
        pane.show(service_detail(status, spec, usage, events, session.now(), width, findings=found, held=held))

    def _show_empty(self) -> None:
        state = self.host.session.state
        services, links = state.services.value, state.links.value
        told = empty_services(len(services.services), links, services.observed_at, self.filter.text)
        self.query_one(EmptyPane).say(*told)
