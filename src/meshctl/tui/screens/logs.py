"""The merged, live logs of one service or of all."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshctl.errors import MeshError
from meshctl.model.containers import LogLine
from meshctl.present.lines import ACCENT, MUTED, STRONG, WARN, Line, Segment, between, service_tone
from meshctl.tui.context import LOGS, SERVICES, Context
from meshctl.tui.screens.base import MeshScreen, key_bindings
from meshctl.tui.screens.services import find
from meshctl.tui.view import View
from meshctl.tui.widgets.empty_pane import EmptyPane
from meshctl.tui.widgets.filter_line import FilterLine
from meshctl.tui.widgets.line_bar import LineBar
from meshctl.tui.widgets.log_view import LogView

#: Lines asked for of what was written before the screen was opened, per service.
TAIL = 200
#: Lines that arrive within this many seconds are drawn together.
BATCH_S = 0.1
RETRY_S = 1.0


class LogsScreen(MeshScreen):
    """Follows from the moment it is first shown; another service starts anew."""

    mode = LOGS
    BINDINGS: ClassVar[list[BindingType]] = key_bindings(LOGS)
    filters_by = "words of a line"
    CSS_PATH = "logs.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._followed: str | None = None
        self._arrived: list[LogLine] = []
        self._trouble = ""

    def body(self) -> ComposeResult:
        yield LineBar(self._head, id="head")
        yield LogView(id="log")
        yield EmptyPane(id="empty")

    def main_widget(self) -> Widget:
        return self._view

    def context(self, service: str = "") -> Context:
        name = service or self.mesh_app.log_service
        return Context(
            screen=LOGS,
            service=find(self.mesh_app.state, name) if name else None,
            can_go_back=True,
            following=self._view.following,
        )

    def show_state(self, state: View, now: float) -> None:
        super().show_state(state, now)
        self._show_counts()

    # -- actions

    def do_hold(self, context: Context) -> None:
        self._view.follow(False)
        self.mesh_app.redraw()

    def do_follow(self, context: Context) -> None:
        self._view.follow(True)
        self.mesh_app.redraw()

    def do_all_logs(self, context: Context) -> None:
        self.mesh_app.log_service = ""
        self._match()

    def do_clear(self, context: Context) -> None:
        self._view.clear()
        self._show_counts()

    def do_back(self, context: Context) -> None:
        """A filter is cleared first; then back to where one came from."""
        line = self.query_one(FilterLine)
        if line.text:
            line.clear()
        else:
            self.mesh_app.go_back(SERVICES)

    # -- events

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(BATCH_S, self._flush)

    def on_screen_resume(self) -> None:
        self._match()
        super().on_screen_resume()

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self._view.filter(event.text)
        self._show_counts()

    # -- following

    @property
    def _view(self) -> LogView:
        return self.query_one(LogView)

    def _match(self) -> None:
        """Follow the service that is wanted now."""
        wanted = self.mesh_app.log_service
        if self._followed == wanted:
            return
        self._followed = wanted
        self._arrived.clear()
        self._view.clear()
        self._view.follow(True)
        self.run_worker(self.follow_logs(wanted), group="logs", exclusive=True, exit_on_error=False)
        self.mesh_app.redraw()

    async def follow_logs(self, service: str) -> None:
        """Collect lines until the worker is cancelled; trouble is shown and tried again."""
        logs = self.mesh_app.session.logs
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
            self._show_counts()

    def _show_counts(self) -> None:
        with suppress(LookupError):
            self.query_one("#head", LineBar).redraw()
        empty = not self._view.line_count
        self.set_class(empty, "-empty")
        if empty:
            self.query_one(EmptyPane).say(*self._empty_words())

    def _empty_words(self) -> tuple[str, str]:
        if self._trouble:
            return self._trouble, "It is tried again by itself."
        if self._view.kept_count:
            return f"No line contains “{self.query_one(FilterLine).text}”.", "Esc clears the filter."
        name = self.mesh_app.log_service
        sentence = f"{name} has not written a line yet." if name else "No service has written a line yet."
        return sentence, "Esc goes back to the services."

    def _head(self, width: int) -> Line:
        name = self.mesh_app.log_service
        view = self._view
        who = Segment(name, service_tone(name)) if name else Segment("all services", STRONG)
        kept, shown = view.kept_count, view.line_count
        count = f"{kept:,} lines" if kept == shown else f"{shown:,} of {kept:,} lines"
        how = Segment("▶ following", ACCENT) if view.following else Segment("‖ paused, space follows", WARN)
        left = (Segment(" logs of ", MUTED), who, Segment("  "), how)
        return between(left, (Segment(f"{count} ", MUTED),), width)
