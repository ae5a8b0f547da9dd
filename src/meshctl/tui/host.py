"""What screens, widgets and actions may ask of the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from textual.notifications import SeverityLevel

from meshctl.engine.session import MeshSession
from meshctl.present.lines import Line
from meshctl.tui.commands import Command
from meshctl.tui.intents import Intent


class Host(Protocol):
    """The app, as everything in it sees it."""

    @property
    def session(self) -> MeshSession: ...

    @property
    def pending(self) -> Mapping[str, str]:
        """What is being done to a service at a person's wish: ``{"orders": "stopping"}``."""
        ...

    @property
    def can_go_back(self) -> bool:
        """Whether there is a screen below, or one that one jumped away from."""
        ...

    def go(self, intent: Intent) -> None: ...
    def carry_out(self, command: Command) -> None:
        """Have the session do it; how it goes is told in the row of the service and in a notice."""
        ...

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
    ) -> None:
        """Say something for ``timeout`` seconds; ``title`` is the next step."""
        ...

    def copy_to_clipboard(self, text: str) -> None:
        """Of the terminal, where that allows it."""
        ...

    def notice_lines(self, width: int) -> Sequence[Line]: ...
    def dismiss_notices(self) -> None: ...
    def open_palette(self) -> None: ...
    def switch_theme(self) -> None: ...
    def leave(self) -> None:
        """End the app; what runs keeps running."""
        ...
