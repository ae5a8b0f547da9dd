"""Who may change a project now. Adapters implement it; tests fake it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has the turn: its command (``stop redis``), process, and since when, Unix seconds.

    ``pid`` is 0 when nothing of it is known.
    """

    command: str = ""
    pid: int = 0
    since: float = 0.0


class Turn(Protocol):
    """The right to change a project; it ends with the process, however that ends."""

    def release(self) -> None: ...


class Turns(Protocol):
    """Changes of one project on this machine, one at a time among all processes of meshctl and inside of each.

    Where there is nothing to agree upon, everybody has the turn.
    """

    def take(self, command: str) -> Turn | Holder:
        """The turn in the name of ``command``, or who has it. Does not wait."""
        ...
