"""From screen to screen and back: the one place where intents are carried out."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from textual.app import App

from meshctl.tui.host import Host
from meshctl.tui.intents import (
    LOGS,
    MAP,
    SERVICES,
    TRACES,
    Back,
    ChooseOther,
    Compare,
    Intent,
    OpenTrace,
    ShowLogs,
    ShowService,
    ShowTab,
    ShowTraces,
    ShowWhy,
)
from meshctl.tui.screens.base import MeshScreen
from meshctl.tui.screens.compare import CompareScreen
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.services import ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen
from meshctl.tui.screens.why import WhyScreen

#: Every screen, each with its actions: together they are the registry of what a person can do.
SCREENS = (ServicesScreen, TracesScreen, WaterfallScreen, CompareScreen, MapScreen, LogsScreen, WhyScreen)


class Navigator:
    """A digit goes to a tab and forgets the way; a jump remembers it for Esc."""

    def __init__(self, app: App[int], host: Host) -> None:
        self._app, self._host = app, host
        #: The modes one jumped away from, the first first.
        self._trail: list[str] = []
        app.add_mode(SERVICES, lambda: self._services)
        app.add_mode(TRACES, lambda: self._traces)
        app.add_mode(MAP, lambda: MapScreen(host))
        app.add_mode(LOGS, lambda: self._logs)

    @cached_property
    def _services(self) -> ServicesScreen:
        return ServicesScreen(self._host)

    @cached_property
    def _traces(self) -> TracesScreen:
        return TracesScreen(self._host)

    @cached_property
    def _logs(self) -> LogsScreen:
        return LogsScreen(self._host)

    @property
    def can_go_back(self) -> bool:
        return bool(self._trail) or len(self._pages()) > 1

    def go(self, intent: Intent) -> None:
        match intent:
            case ShowTab(mode):
                self._show_tab(mode)
            case ShowService(name):
                self._jump(SERVICES)
                self._services.select(name)
            case ShowTraces(wanted):
                self._jump(TRACES)
                self._traces.narrow(wanted)
            case ShowLogs(service):
                self._jump(LOGS)
                self._logs.show_logs(service)
            case ShowWhy():
                self._show_why()
            case OpenTrace(trace_id, span_id):
                self._app.push_screen(WaterfallScreen(self._host, trace_id, span_id))
            case ChooseOther(trace_id):
                self._app.push_screen(TracesScreen(self._host, compare_with=trace_id))
            case Compare(trace_id, other_id):
                self._app.switch_screen(CompareScreen(self._host, trace_id, other_id))
            case Back(otherwise):
                self._go_back(otherwise)

    def _show_tab(self, mode: str) -> None:
        self._trail.clear()
        if mode == self._app.current_mode:
            self._uncover()
        else:
            self._app.switch_mode(mode)

    def _show_why(self) -> None:
        if not isinstance(self._app.screen, WhyScreen):
            self._app.push_screen(WhyScreen(self._host, self._app.current_mode))

    def _jump(self, mode: str) -> None:
        """To the first screen of that tab."""
        if mode != self._app.current_mode:
            self._trail.append(self._app.current_mode)
            self._app.switch_mode(mode)
        self._uncover()

    def _uncover(self) -> None:
        """The first screen of the tab in front."""
        for _ in self._app.screen_stack[1:]:
            self._app.pop_screen()

    def _go_back(self, otherwise: str) -> None:
        if len(self._pages()) > 1:
            self._app.pop_screen()
            return
        mode = self._trail.pop() if self._trail else otherwise
        if mode:
            self._app.switch_mode(mode)

    def _pages(self) -> list[MeshScreen[Any]]:
        """The screens of the tab in front; neither help nor palette is one."""
        return [screen for screen in self._app.screen_stack if isinstance(screen, MeshScreen)]
