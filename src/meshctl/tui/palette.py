"""The palette: every action that works now, and every verb of every service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events, on
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from meshctl.present.text import clean
from meshctl.tui.actions import working
from meshctl.tui.screens.base import MeshScreen
from meshctl.tui.service_verbs import VERBS, service_context

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def _action_command_list(self, action: str) -> None:
        """Commands that have no room yet have no pages: Textual's list would look for a line that is not there."""
        if not action.startswith("page_") or self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)

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
    """Feeds Textual's palette from the actions of the screen in front."""

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
        """What works on the screen in front, then what can be done to each service."""
        screen = cast("MeshScreen[Any]", self.screen)
        context = screen.context()
        for action in working(screen.actions, context):
            if action.in_palette and action not in VERBS:
                yield Command(action.name, action.help, partial(screen.perform, action, context))
        for status in screen.host.session.state.services.value.services:
            about = service_context(screen.host, screen, status.service)
            for verb in working(VERBS, about):
                yield Command(escape(clean(f"{verb.name} {status.service}")), "", partial(screen.perform, verb, about))
