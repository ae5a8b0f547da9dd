"""Turns in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshctl.ports.turns import Holder, Turn
from meshctl.ports.world import Clock


@dataclass(slots=True)
class FakeTurns:
    """One turn at a time; ``holder`` is whoever has it, ``taken`` the commands that had it, in order."""

    clock: Clock
    holder: Holder | None = None
    taken: list[str] = field(default_factory=list)

    def take(self, command: str) -> Turn | Holder:
        if self.holder is not None:
            return self.holder
        self.holder = Holder(command, 4711, self.clock.now())
        self.taken.append(command)
        return self

    def release(self) -> None:
        self.holder = None
