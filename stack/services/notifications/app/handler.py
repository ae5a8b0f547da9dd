"""What becomes of one message: done, tried again, or put aside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity import wait_exponential_jitter as jitter

from meshkit import log

from .events import BadEvent, of_event
from .metrics import MESSAGES
from .notifier import Notifier
from .ports import Unavailable

ATTEMPTS = 5


class Outcome(StrEnum):
    """What to tell the broker: acknowledge, or reject to the dead letters."""

    DONE = "done"
    DEAD = "dead"


class Handler:
    """An outage is waited for, holding the message; anything else is put aside after ATTEMPTS."""

    def __init__(self, notifier: Notifier, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._notifier = notifier
        self._sleep = sleep

    async def handle(self, message: bytes, message_id: str = "") -> Outcome:
        """Never raises but when it is cancelled."""
        outcome = await self._outcome(message, message_id)
        MESSAGES.labels(outcome).inc()
        return outcome

    async def _outcome(self, message: bytes, message_id: str) -> Outcome:
        try:
            notification = of_event(message, lambda: datetime.now(UTC))
            async for attempt in self._attempts():
                with attempt:
                    await self._notifier.notify(notification)
        except BadEvent as error:
            log.error("message.not_understood", message_id=message_id, reason=str(error))
            return Outcome.DEAD
        except Exception as error:  # a message must not end the consumer
            log.error("message.failed", message_id=message_id, error=repr(error))
            return Outcome.DEAD
        return Outcome.DONE

    def _attempts(self) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(Exception),
            stop=_give_up,
            wait=jitter(multiplier=0.1, max=5.0, jitter=0.1),
            sleep=self._sleep,
            reraise=True,
        )


def _give_up(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return not isinstance(error, Unavailable) and stop_after_attempt(ATTEMPTS)(state)
