"""The terminal app: takes the session's states to the screens and people's wishes to the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.command import Provider
from textual.events import Event, Paste
from textual.notifications import SeverityLevel
from textual.screen import Screen

from meshctl.engine.session import MeshSession
from meshctl.engine.state.topic import Reader
from meshctl.errors import MeshError
from meshctl.model.config import ServiceSpec
from meshctl.present.frame import runtime_link
from meshctl.present.lines import Line
from meshctl.present.notices import Notice, notice_lines
from meshctl.present.text import clean
from meshctl.tui.context import SERVICES, TITLES, Action, Context
from meshctl.tui.navigation import Navigator
from meshctl.tui.palette import ActionsProvider, MeshPalette
from meshctl.tui.screens.base import MeshScreen
from meshctl.tui.screens.help import HelpScreen
from meshctl.tui.screens.services import find
from meshctl.tui.theme import DARK, LIGHT
from meshctl.tui.verbs import DOING, PendingSink, carry_out
from meshctl.tui.view import View

#: The clock and ages move on this often even if nothing happens.
TICK_S = 1.0
_VERBS = {*DOING, "up"}


class MeshApp(Navigator):
    """Shows one session, whatever is behind it."""

    CSS_PATH = "app.tcss"
    TITLE = "meshctl"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionsProvider}

    def __init__(self, session: MeshSession) -> None:
        super().__init__()
        self.session = session
        self.state = View(session.state)
        #: What is being done to a service at a person's wish: ``{"orders": "stopping"}``.
        self.pending: dict[str, str] = {}
        self.notices: list[Notice] = []
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    # -- for the screens

    def now(self) -> float:
        return self.session.now()

    def engine_up(self) -> bool:
        link = runtime_link(self.state.links)
        return link is None or link.up

    def spec(self, service: str) -> ServiceSpec | None:
        return self.session.config.services.get(service)

    def context_of(self, service: str) -> Context:
        """What an action of the services screen would act on."""
        status = find(self.state, service)
        count = len(status.instances) if status is not None else 0
        return Context(SERVICES, status, count, engine_up=self.engine_up())

    def redraw(self) -> None:
        """Bring the screen in front up to date."""
        if self.is_running and isinstance(self.screen, MeshScreen) and self.screen.ready:
            self.screen.show_state(self.state, self.now())

    def perform(self, action: Action, service: str = "") -> None:
        """Do what an action says, to ``service`` or to what is selected; ask first if it destroys."""
        screen = self._mesh_screen()
        context = self.context_of(service) if service else screen.context()
        if not action.works(context) or self._is_busy(action, context):
            return
        run = partial(self._run_action, action.name, context)
        question = action.asks(context)
        if question:
            screen.ask(question, run)
        else:
            run()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something for ``timeout`` seconds, in a line of its own: a toast would cover what is shown.

        ``title`` is the next step.
        """
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.notices.append(Notice(message, title, severity, monotonic() + seconds))
        self.set_timer(seconds + 0.01, self.redraw)
        self.redraw()

    def notice_lines(self, width: int) -> list[Line]:
        """What is to be said now."""
        now = monotonic()
        self.notices = [notice for notice in self.notices if notice.until > now]
        return notice_lines(self.notices, width)

    def dismiss_notices(self) -> None:
        self.notices.clear()
        self.redraw()

    # -- actions of every screen

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, MeshPalette):
            self.push_screen(MeshPalette())

    def do_palette(self, context: Context) -> None:
        self.action_command_palette()

    def do_help(self, context: Context) -> None:
        self.push_screen(HelpScreen(context.screen, TITLES[context.screen]))

    def do_theme(self, context: Context) -> None:
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def do_quit(self, context: Context) -> None:
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
        self.run_worker(self._follow(), group="watch", exit_on_error=True)
        self.set_interval(TICK_S, self.redraw)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's own: the palette holds the registry of actions and nothing else."""
        return ()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DARK.variables)

    async def _follow(self) -> None:
        """Hand every state of the store to the screen in front."""
        async with self.session.following():
            await self._take_states()

    async def _take_states(self) -> None:
        state = self.session.state
        reader = Reader(state.services, state.usage, state.links, state.events, state.traces)
        try:
            self.redraw()
            async for _ in reader:
                self.redraw()
        finally:
            reader.close()

    def _mesh_screen(self) -> MeshScreen:
        return next(screen for screen in reversed(self.screen_stack) if isinstance(screen, MeshScreen))

    def _run_action(self, name: str, context: Context) -> None:
        if name in _VERBS:
            self.run_worker(self._carry_out(name, context), group="verbs", exit_on_error=False)
            return
        screen = self._mesh_screen()
        handler = getattr(screen, f"do_{name}", None) or getattr(self, f"do_{name}")
        handler(context)

    async def _carry_out(self, verb: str, context: Context) -> None:
        service = context.service.service if context.service is not None and verb != "up" else ""
        touched = {service} if service else set()

        def tell(who: str, doing: str) -> None:
            touched.add(who)
            self._set_pending(who, doing)

        if service:
            self._set_pending(service, DOING[verb])
        try:
            said = await carry_out(self.session, verb, context, PendingSink(tell))
            if said:
                self.notify(said, timeout=4)
        except MeshError as error:
            self.notify(str(error), title=error.hint or "", severity="error", timeout=12)
        except Exception as error:
            self.notify(f"{verb}: {error or type(error).__name__}", severity="error", timeout=12)
        finally:
            for who in touched:
                self.pending.pop(who, None)
            self.redraw()

    def _is_busy(self, action: Action, context: Context) -> bool:
        """One verb at a time for each service."""
        if action.name not in DOING or context.service is None:
            return False
        doing = self.pending.get(context.service.service, "")
        if doing:
            self.notify(f"{context.service.service} is {doing} already", timeout=3)
        return bool(doing)

    def _set_pending(self, service: str, doing: str) -> None:
        if doing:
            self.pending[service] = doing
        else:
            self.pending.pop(service, None)
        self.redraw()
