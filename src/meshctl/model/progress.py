"""What long work tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The operation of waiting for others who change the project; its target is the project.
TURN = "wait turn"


class Phase(StrEnum):
    """Where one operation stands."""

    STARTED = "started"
    PROGRESS = "progress"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """``operation`` is a kind of operation of the plan, or ``TURN``; ``fraction`` 0..1 or None."""

    operation: str
    target: str
    phase: Phase
    service: str = ""
    message: str = ""
    fraction: float | None = None
    elapsed_s: float = 0.0
