"""What every outgoing call goes through: look-up, circuit breaker, retry with jittered exponential backoff.

One attempt is one pass through `Resilience._attempt`; faults and spans of attempts belong there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from pybreaker import CircuitBreakerError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from meshkit.breakers import breaker_for, rejected
from meshkit.consul import Instance
from meshkit.discovery import Directory, shared_directory
from meshkit.errors import UpstreamUnavailable
from meshkit.logs import log

T = TypeVar("T")
Send = Callable[[Instance], Awaitable[T]]

_BACKOFF = wait_exponential(multiplier=0.05, max=1.0) + wait_random(0, 0.05)


class Resilience:
    """The policy of one client for one target."""

    def __init__(self, target: str, *, attempts: int, directory: Directory | None = None) -> None:
        self._target = target
        self._attempts = attempts
        self._directory = directory
        self._turn = count()
        self._breaker = breaker_for(target)

    async def run(self, send: Send[T], *, idempotent: bool) -> T:
        """What `send` returns for some healthy instance; raises what `send` raised last."""

        def worth_another(error: BaseException) -> bool:
            if not isinstance(error, UpstreamUnavailable) or error.rejected:
                return False
            return idempotent or not error.sent

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=_BACKOFF,
            retry=retry_if_exception(worth_another),
            before_sleep=self._note,
            reraise=True,
        )
        return await retrying(self._attempt, send)

    async def _attempt(self, send: Send[T]) -> T:
        try:
            with self._breaker.calling():
                return await send(await self._pick())
        except CircuitBreakerError:
            rejected(self._target)
            raise UpstreamUnavailable(self._target, "the circuit breaker is open", sent=False, rejected=True) from None

    async def _pick(self) -> Instance:
        directory = self._directory or shared_directory()
        known = await directory.instances(self._target)
        if not known:
            raise UpstreamUnavailable(self._target, "no healthy instance is registered", sent=False)
        return known[next(self._turn) % len(known)]

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("call.retry", target=self._target, attempt=state.attempt_number, error=str(error))
