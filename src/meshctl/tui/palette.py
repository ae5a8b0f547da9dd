"""The palette: every action that works now, and every verb of every service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events, on
from textual.command import CommandInput, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from meshctl.present.text import clean
from meshctl.tui.actions import working
from meshctl.tui.context import SERVICES, Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshctl.tui.app import MeshApp
    from meshctl.tui.screens.base import MeshScreen

_LOOKING = (WorkerState.PENDING, WorkerState.RUNNING)
_SUBMIT = "submit"


class MeshPalette(CommandPalette):
    """Textual's palette, for fast hands: no letter is lost, and Enter waits for what was typed to be found."""

    def __init__(self) -> None:
        super().__init__(id="--command-palette")
        self._early = 0

    async def on_key(self, event: events.Key) -> None:
        """Letters that came before the input had the keyboard go in front of those that came after."""
        typed = self.query_one(CommandInput)
        if event.is_printable and event.character is not None:
            event.stop()
            typed.insert(event.character, self._early)
            typed.action_end()
            self._early += 1
        elif event.key == "enter":
            event.stop()
            await typed.action_submit()

    @on(Input.Submitted)
    async def _when_found(self, event: Input.Submitted) -> None:
        """What is listed while a search goes on belongs to another text."""
        ours = [worker for worker in self.workers if worker.node is self and worker.group != _SUBMIT]
        searches = [worker for worker in ours if worker.state in _LOOKING]
        if searches:
            event.stop()
            event.prevent_default()
            self.run_worker(self._submit_after(searches), group=_SUBMIT)

    async def _submit_after(self, searches: list[Worker[Any]]) -> None:
        await self.workers.wait_for_complete(searches)
        await self.query_one(CommandInput).action_submit()


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette."""

    text: str
    help: str
    run: Callable[[], None]


class ActionsProvider(Provider):
    """Feeds Textual's palette from the registry of actions."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(command.text, command.run, help=command.help or None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.text)
            if score > 0:
                yield Hit(score, matcher.highlight(command.text), command.run, help=command.help or None)

    def _commands(self) -> Iterator[Command]:
        app, screen = cast("MeshApp", self.app), cast("MeshScreen", self.screen)
        context = screen.context()
        for action in working(context):
            if action.palette and not action.verb:
                yield Command(_title(action), action.help, partial(app.perform, action))
        for status in app.state.services:
            yield from self._verbs(app, status.service)

    def _verbs(self, app: MeshApp, service: str) -> Iterator[Command]:
        for action in working(app.context_of(service)):
            if action.verb and SERVICES in action.screens:
                run = partial(app.perform, action, service)
                yield Command(escape(clean(f"{_title(action)} {service}")), "", run)


def _title(action: Action) -> str:
    return action.name.replace("_", " ")
