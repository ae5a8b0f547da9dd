"""Sending one mail, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from . import mail
from .outbox import SENT


class Outbox(Protocol):
    def get(self, id: str) -> Mapping[str, str]: ...

    def sent(self, id: str, mail: str, at: datetime) -> None: ...


class UnknownNotification(LookupError):
    """No notification has that id."""


def send(outbox: Outbox, id: str, now: Callable[[], datetime]) -> bool:
    """Whether it was sent now; False if it had been. Raises MailRefused or UnknownNotification."""
    notification = outbox.get(id)
    if not notification:
        raise UnknownNotification(f"notification {id} does not exist")
    if notification["status"] == SENT:
        return False
    mail.check_accepts(notification["to"])
    at = now()
    outbox.sent(id, mail.compose(notification, at), at)
    return True
