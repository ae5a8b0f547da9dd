"""What the service needs of the world."""

from __future__ import annotations

from typing import Protocol

from .domain import Notification


class Store(Protocol):
    async def add(self, notification: Notification) -> Notification:
        """Keep it unless its id is known; what is kept under that id afterwards."""
        ...

    async def get(self, id: str) -> Notification | None: ...

    async def newest(self, *, order_id: int | None, limit: int, offset: int) -> list[Notification]:
        """Newest first, of one order or of all."""
        ...


class Mailer(Protocol):
    async def send(self, notification: Notification) -> None:
        """Queue its mail; queueing it twice sends it once."""
        ...


class Unavailable(Exception):
    """Redis does not answer; the same may succeed later."""
