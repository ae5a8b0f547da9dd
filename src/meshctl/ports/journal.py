"""meshctl's own record of what it did to a project. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from meshctl.model.journal import Deed, JournalEntry


class Journal(Protocol):
    """The bounded journal of one project on this machine, shared by all processes of meshctl. Neither method raises.

    Where it cannot be written or read, nothing is remembered.
    """

    def note(self, deed: Deed, service: str, instance: str, container_id: str = "", *, cause: str = "") -> None:
        """Add one entry, in the name of this process and its user."""
        ...

    def read(self) -> Sequence[JournalEntry]:
        """Oldest first."""
        ...

    @property
    def user(self) -> str:
        """Whoever runs this process."""
        ...
