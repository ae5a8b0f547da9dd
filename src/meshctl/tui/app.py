"""The terminal app: shows the session on screens, and hands people's wishes to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.command import Provider
from textual.events import Event, Paste
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import Theme

from meshctl.engine.session import MeshSession
from meshctl.present.frame import Notices
from meshctl.present.lines import Line
from meshctl.present.text import clean
from meshctl.tui.commands import Command, Commands
from meshctl.tui.intents import SERVICES, Intent
from meshctl.tui.navigation import Navigator
from meshctl.tui.palette import ActionsProvider, MeshPalette
from meshctl.tui.screens.base import MeshScreen

#: Two restrained themes: one accent, red only for what is broken now.
DARK = Theme(
    name="meshctl-dark",
    primary="#5fafd7",
    accent="#5fafd7",
    secondary="#5fafd7",
    success="#7fb77e",
    warning="#dcae5a",
    error="#f0706a",
    foreground="#d5dae0",
    background="#12161b",
    surface="#181d24",
    panel="#1f262f",
    boost="#242c36",
    dark=True,
    variables={"muted": "#8b96a3", "cursor-row": "#26323e", "rule": "#3a4551"},
)
LIGHT = Theme(
    name="meshctl-light",
    primary="#0b62a8",
    accent="#0b62a8",
    secondary="#0b62a8",
    success="#1c7a38",
    warning="#8a5d00",
    error="#c4222c",
    foreground="#1f262e",
    background="#fafbfc",
    surface="#f1f4f7",
    panel="#e7ecf1",
    boost="#e0e6ec",
    dark=False,
    variables={"muted": "#5c6773", "cursor-row": "#d7e6f3", "rule": "#c3ccd6"},
)
#: The clock and ages move on this often even if nothing happens.
TICK_S = 1.0
#: What is not the whole file is told for so long.
PARTIAL_S = 15.0


class MeshApp(App[int]):
    """The host of everything that is shown, over one session, whatever is behind it."""

    CSS_PATH = "app.tcss"
    TITLE = "meshctl"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionsProvider}

    def __init__(self, session: MeshSession) -> None:
        super().__init__()
        self.session = session
        self.notices = Notices(monotonic)
        self._navigator = Navigator(self, self)
        self._commands = Commands(session.lifecycle, self._say, self.redraw)
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    # -- for the screens

    @property
    def pending(self) -> Mapping[str, str]:
        return self._commands.pending

    @property
    def can_go_back(self) -> bool:
        return self._navigator.can_go_back

    def go(self, intent: Intent) -> None:
        self._navigator.go(intent)

    def carry_out(self, command: Command) -> None:
        self.run_worker(self._commands.carry_out(command), group="commands", exit_on_error=False)

    def redraw(self) -> None:
        """Bring the screen in front up to date."""
        front = self._front()
        if self.is_running and front is not None:
            front.draw()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """In a line of its own: a toast would cover what is shown."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.notices.add(message, title, severity, seconds)
        self.set_timer(seconds + 0.01, self.redraw)
        self.redraw()

    def notice_lines(self, width: int) -> list[Line]:
        return self.notices.lines(width)

    def dismiss_notices(self) -> None:
        self.notices.clear()
        self.redraw()

    def open_palette(self) -> None:
        if not isinstance(self.screen, MeshPalette):
            self.push_screen(MeshPalette())

    def switch_theme(self) -> None:
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def leave(self) -> None:
        self.exit(0)

    # -- life

    async def on_event(self, event: Event) -> None:
        """What is pasted is foreign text too: Textual's own input would draw it as it is."""
        if isinstance(event, Paste):
            event.text = "\n".join(map(clean, event.text.splitlines()))
        await super().on_event(event)

    async def on_mount(self) -> None:
        """Home is opened over Textual's blank screen: what is mounted in a screen may ask which one is in front."""
        await self.switch_mode(SERVICES)
        if self.session.config.partial:
            self.notify(self.session.config.partial, severity="warning", timeout=PARTIAL_S)
        self.run_worker(self._follow(), group="session", exit_on_error=True)
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        front = self._front()
        if front is not None:
            front.draw_if_older(TICK_S * 0.9)

    def _front(self) -> MeshScreen[Any] | None:
        """The screen in front, if it is one of ours; an app that is being closed has none."""
        front = self.screen_stack[-1:]
        return front[0] if front and isinstance(front[0], MeshScreen) else None

    async def _follow(self) -> None:
        """Have the session's state kept true as long as the app is open."""
        async with self.session.following():
            await asyncio.Event().wait()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's own: the palette holds the actions of the screens and nothing else."""
        return ()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK.variables)

    def action_command_palette(self) -> None:
        self.open_palette()

    def _say(self, sentence: str, hint: str, good: bool) -> None:
        if good:
            self.notify(sentence, timeout=4)
        else:
            self.notify(sentence, title=hint, severity="error", timeout=12)
