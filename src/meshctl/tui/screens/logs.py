"""The merged, live logs of one service or of all."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshctl.errors import MeshError
from meshctl.model.containers import LogLine
from meshctl.present.empty import empty_logs
from meshctl.present.heads import logs_head
from meshctl.present.lines import Line
from meshctl.tui.actions import FILTER, HOLD, Action, Context
from meshctl.tui.frame_actions import FRAME
from meshctl.tui.host import Host
from meshctl.tui.intents import LOGS, SERVICES, Back, ShowLogs
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.line_pane import LOOK_KEYS
from meshctl.tui.widgets.log_view import LogView

#: Lines asked for of what was written before the screen was opened, per service.
TAIL = 200
#: Lines that arrive within this many seconds are drawn together.
BATCH_S = 0.1
RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsContext(Context):
    """``service`` is the one whose lines are shown, '' for all."""

    screen: LogsScreen
    service: str
    following: bool


def _show_all(c: LogsContext) -> None:
    c.host.go(ShowLogs())


def _hold(c: LogsContext) -> None:
    c.screen.hold(c.following)


ACTIONS: tuple[Action[LogsContext], ...] = (
    Action("hold", "space", "hold", "hold the lines still", _hold, lambda c: c.following, meaning=HOLD),
    Action("follow", "space", "follow", "follow the newest lines", _hold, lambda c: not c.following, meaning=HOLD),
    Action("all services", "a", "all services", "lines of every service", _show_all, lambda c: bool(c.service)),
    Action("clear", "ctrl+l", "clear", "forget the lines shown so far", lambda c: c.screen.clear_lines()),
    FILTER,
    *FRAME,
)


class LogsScreen(MeshScreen[LogsContext]):
    """Follows from the moment it is first shown; another service starts anew."""

    mode = LOGS
    heading = "Logs"
    filters_by = "words of a line"
    actions = ACTIONS
    widget_keys = LOOK_KEYS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(ACTIONS)
    CSS_PATH = "logs.tcss"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._view = LogView(id="log")
        self._service = ""
        self._arrived: list[LogLine] = []
        self._trouble = ""

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield self._view
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._view

    def context(self) -> LogsContext:
        return LogsContext(
            host=self.host,
            screen=self,
            finding=self.finding,
            can_go_back=True,
            service=self._service,
            following=self._view.following,
        )

    def draw_body(self) -> None:
        self.query_one("#head", LineBar).redraw()
        empty = not self._view.line_count
        self.set_class(empty, "-empty")
        if empty:
            told = empty_logs(self._service, self.filter.text, self._view.kept_count, self._trouble)
            self.query_one(EmptyPane).say(*told)

    # -- what can be done here

    def show_logs(self, service: str) -> None:
        """Those of one service, '' for all; from the beginning if it is another one."""
        if service != self._service:
            self._service = service
            if self.is_mounted:
                self._begin()

    def hold(self, held: bool) -> None:
        self._view.follow(not held)
        self.draw()

    def clear_lines(self) -> None:
        self._view.clear()
        self.draw()

    def go_back(self) -> None:
        if self.filter.text:
            super().go_back()
        else:
            self.host.go(Back(otherwise=SERVICES))

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(BATCH_S, self._flush)
        self._begin()

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self._view.filter(event.text)
        self.draw()

    # -- following

    def _begin(self) -> None:
        """Follow the service that is wanted now."""
        self._arrived.clear()
        self._trouble = ""
        self._view.clear()
        self._view.follow(True)
        self.start(partial(self.follow_logs, self._service), "logs")
        self.draw()

    async def follow_logs(self, service: str) -> None:
        """Collect lines until the worker is cancelled; trouble is shown and tried again."""
        logs = self.host.session.logs
        services = (service,) if service else ()
        since: float | None = None
        while True:
            tail = TAIL if since is None else None
            try:
                async with aclosing(logs.stream(services, follow=True, since=since, tail=tail)) as lines:
                    async for line in lines:
                        since = line.time + 1e-6
                        self._trouble = ""
                        self._arrived.append(line)
            except MeshError as error:
                self._trouble = str(error)
            await asyncio.sleep(RETRY_S)

    def _flush(self) -> None:
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self._view.append(arrived)
            self.draw_body()

    def _head(self, width: int) -> Line:
        view = self._view
        return logs_head(self._service, view.following, view.kept_count, view.line_count, width)
