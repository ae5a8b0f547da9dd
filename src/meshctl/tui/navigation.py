"""From screen to screen and back: tabs, jumps, and the way one came."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import App

from meshctl.tui.context import LOGS, MAP, SERVICES, TRACES, Context
from meshctl.tui.screens.compare import CompareScreen
from meshctl.tui.screens.logs import LogsScreen
from meshctl.tui.screens.map import MapScreen
from meshctl.tui.screens.services import ServicesScreen
from meshctl.tui.screens.traces import TracesScreen
from meshctl.tui.screens.waterfall import WaterfallScreen


class Navigator(App[int]):
    """A digit goes to a tab and forgets the way; a jump remembers it for Esc."""

    MODES: ClassVar[dict[str, Any]] = {
        SERVICES: ServicesScreen,
        TRACES: TracesScreen,
        MAP: MapScreen,
        LOGS: LogsScreen,
    }

    def __init__(self) -> None:
        super().__init__()
        #: The modes one jumped away from, the first first.
        self.trail: list[str] = []
        #: Whose logs the logs screen shows; '' for all.
        self.log_service = ""
        #: What the services screen is to select and the traces list is to filter by, when they come to the front.
        self.wanted_service = ""
        self.wanted_traces: str | None = None

    def show_tab(self, mode: str) -> None:
        """To a tab as it was left; to its first screen when it is in front already."""
        self.trail.clear()
        if mode == self.current_mode:
            for _ in self.screen_stack[1:]:
                self.pop_screen()
        else:
            self.switch_mode(mode)

    def jump(self, mode: str) -> None:
        """To a tab, with a way back."""
        if mode != self.current_mode:
            self.trail.append(self.current_mode)
            self.switch_mode(mode)

    def go_back(self, default: str = "") -> None:
        """Where one jumped from, else to ``default``."""
        mode = self.trail.pop() if self.trail else default
        if mode:
            self.switch_mode(mode)

    def jump_to_service(self, service: str) -> None:
        """The services screen with the cursor on that service."""
        self.wanted_service = service
        self.jump(SERVICES)

    def jump_to_traces(self, wanted: str) -> None:
        """The traces list with that filter."""
        self.wanted_traces = wanted
        self.jump(TRACES)

    def open_trace(self, trace_id: str) -> None:
        """Its waterfall, over the screen in front."""
        self.push_screen(WaterfallScreen(trace_id))

    def pick_other(self, trace_id: str) -> None:
        """The list again, to choose what to compare with."""
        self.push_screen(TracesScreen(compare_with=trace_id))

    def compare_traces(self, one: str, other: str) -> None:
        """Their comparison, in place of the list it was chosen from."""
        self.switch_screen(CompareScreen(one, other))

    # -- actions of every screen

    def do_services(self, context: Context) -> None:
        self.show_tab(SERVICES)

    def do_traces_screen(self, context: Context) -> None:
        self.show_tab(TRACES)

    def do_map_screen(self, context: Context) -> None:
        self.show_tab(MAP)

    def do_logs_screen(self, context: Context) -> None:
        self.show_tab(LOGS)

    def do_logs(self, context: Context) -> None:
        if context.service is not None:
            self.log_service = context.service.service
        self.jump(LOGS)

    def do_traces(self, context: Context) -> None:
        if context.service is not None:
            self.jump_to_traces(f"service:{context.service.service}")
