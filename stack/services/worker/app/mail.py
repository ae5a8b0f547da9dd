"""A mail as text, and the mail server that takes it or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SENDER = "Shop <orders@shop.example>"
REFUSING = "bounce.example"


class MailRefused(Exception):
    """The server did not take the mail this time."""


def compose(notification: Mapping[str, str], now: datetime) -> str:
    """The RFC 5322 text of a notification's hash; its Message-ID is always the same."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = SENDER
    mail["To"] = notification["to"]
    mail["Subject"] = notification["subject"]
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{notification['id'].replace(':', '.')}@shop.example>"
    mail.set_content(notification["body"])
    return mail.as_string()


def check_accepts(address: str) -> None:
    """Raises MailRefused for the one domain that takes no mail, so that a failure can be seen."""
    if address.rpartition("@")[2].lower() == REFUSING:
        raise MailRefused(f"{REFUSING} takes no mail")
