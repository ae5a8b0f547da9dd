"""Mails: composed, sent once, and what becomes of those that are refused."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from stack.services.worker.app import celery_app, tasks
from stack.services.worker.app.health import Health, NotReady
from stack.services.worker.app.mail import MailRefused, compose
from stack.services.worker.app.outbox import FAILED, QUEUED, SENT
from stack.services.worker.app.sending import UnknownNotification, send

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTIFICATION = {
    "id": "order.created:7",
    "to": "ada@example.com",
    "subject": "Ihre Bestellung – 7",
    "body": "Hello\n",
    "status": QUEUED,
}


class Drawer:
    """The outbox in memory."""

    def __init__(self, **changes: str) -> None:
        self.notification = NOTIFICATION | changes
        self.mails: list[str] = []
        self.error = ""

    def get(self, id: str) -> Mapping[str, str]:
        return self.notification if id == self.notification["id"] else {}

    def sent(self, id: str, mail: str, at: datetime) -> None:
        self.mails.append(mail)
        self.notification |= {"status": SENT, "sent_at": at.isoformat()}

    def failed(self, id: str, error: str) -> None:
        self.notification["status"] = FAILED
        self.error = error


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    yield
    celery_app.stopping.clear()


def test_a_mail_is_rfc_5322() -> None:
    mail = email.message_from_string(compose(NOTIFICATION, NOW), policy=email.policy.default)
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Ihre Bestellung – 7")
    assert mail["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert mail["Message-ID"] == "<order.created.7@shop.example>"
    assert mail.get_payload() == "Hello\r\n"


def test_a_mail_is_sent_once() -> None:
    drawer = Drawer()
    assert [send(drawer, "order.created:7", lambda: NOW) for _ in range(2)] == [True, False]
    assert (len(drawer.mails), drawer.notification["sent_at"]) == (1, NOW.isoformat())


def test_unknown() -> None:
    with pytest.raises(UnknownNotification, match="nobody"):
        send(Drawer(), "nobody", lambda: NOW)


def test_refused() -> None:
    with pytest.raises(MailRefused):
        send(Drawer(to="x@Bounce.example"), "order.created:7", lambda: NOW)


def test_the_task_gives_up_after_four_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer(to="x@bounce.example")
    attempts: list[str] = []

    def counted(outbox: Drawer, id: str, now: object) -> bool:
        attempts.append(id)
        return send(outbox, id, lambda: NOW)

    monkeypatch.setattr(tasks, "outbox", drawer)
    monkeypatch.setattr(tasks, "send", counted)
    result = tasks.send_email.apply(kwargs={"notification_id": "order.created:7"})
    assert (result.state, len(attempts)) == ("FAILURE", 4)
    assert (drawer.notification["status"], drawer.error) == (FAILED, "bounce.example takes no mail")


def test_the_task_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer()
    monkeypatch.setattr(tasks, "outbox", drawer)
    assert tasks.send_email.apply(kwargs={"notification_id": "order.created:7"}).successful()
    assert drawer.notification["status"] == SENT


def test_a_slow_task_is_given_back_when_the_worker_stops() -> None:
    assert tasks.slow_task.apply(args=(0,)).successful()
    celery_app.stopping.set()
    assert str(tasks.slow_task.apply(args=(60,)).state) == "REJECTED"


@pytest.mark.parametrize("seconds", [-1, 61])
def test_a_slow_task_is_bounded(seconds: float) -> None:
    result = tasks.slow_task.apply(args=(seconds,))
    assert (result.state, "from 0 to 60" in str(result.result)) == ("FAILURE", True)


class Broker:
    def ping(self) -> bool:
        return True


class Line:
    """A consumer's connection, as far as health looks at it."""

    def __init__(self, *, connected: bool) -> None:
        self.connection = self
        self.connected = connected


def test_health_follows_the_consumer() -> None:
    health = Health(Broker())  # type: ignore[arg-type]
    with pytest.raises(NotReady, match="not consuming"):
        health.check()
    line = Line(connected=True)
    health._started(line)
    health.check()
    line.connected = False
    with pytest.raises(NotReady):
        health.check()
    line.connected = True
    celery_app.stopping.set()
    with pytest.raises(NotReady, match="stopping"):
        health.check()
