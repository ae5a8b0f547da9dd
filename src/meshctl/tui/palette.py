"""The palette: every action that works now, and every verb of every service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from meshctl.tui.actions import SERVICES, Action, working

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshctl.tui.app import MeshApp
    from meshctl.tui.screens.base import MeshScreen


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
                yield Command(f"{_title(action)} {service}", "", run)


def _title(action: Action) -> str:
    return action.name.replace("_", " ")
