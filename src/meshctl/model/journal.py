"""What meshctl itself did to a project: its own record, beside what the runtime remembers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Deed(StrEnum):
    """READY: an instance was seen ready in that run; FAILED: it was given up on before it ever was."""

    CREATED = "created"
    STARTED = "started"
    STOPPED = "stopped"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    REMOVED = "removed"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One deed at ``time``, Unix seconds. ``instance`` is ``orders-1``, ``cause`` why (``image changed``).

    ``command`` is the command that did it (``stop redis``), ``user`` whoever ran it.
    """

    time: float
    deed: Deed
    service: str
    instance: str
    container_id: str = ""
    cause: str = ""
    command: str = ""
    user: str = ""
