"""What every outgoing call goes through: look-up, circuit breaker, retry with jittered exponential backoff.

One attempt is one pass through `Resilience._attempt` and one client span; the attempts of a call are siblings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from opentelemetry.trace import Span
from pybreaker import CircuitBreakerError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from meshkit import tracing
from meshkit.breakers import breaker_for, rejected, state_of
from meshkit.consul import Instance
from meshkit.discovery import Directory, shared_directory
from meshkit.errors import UpstreamUnavailable
from meshkit.logs import log

T = TypeVar("T")
Send = Callable[[Instance, Span], Awaitable[T]]

_BACKOFF = wait_exponential(multiplier=0.05, max=1.0) + wait_random(0, 0.05)


@dataclass(frozen=True, slots=True)
class Call:
    """How the spans of a call are named, and what each of them tells besides its attempt and its target."""

    name: str
    attributes: tracing.Attributes


class Resilience:
    """The policy of one client for one target."""

    def __init__(self, target: str, *, attempts: int, directory: Directory | None = None) -> None:
        self._target = target
        self._attempts = attempts
        self._directory = directory
        self._turn = count()
        self._breaker = breaker_for(target)

    async def run(self, call: Call, send: Send[T], *, idempotent: bool) -> T:
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
        number = count(1)

        async def attempt() -> T:
            return await self._attempt(call, send, next(number))

        # A call that nobody asked for is a trace of its own, with all its attempts.
        with nullcontext() if tracing.traced() else tracing.span(f"call {self._target}"):
            return await retrying(attempt)

    async def _attempt(self, call: Call, send: Send[T], number: int) -> T:
        about: dict[str, Any] = {**call.attributes, "peer.service": self._target, "mesh.attempt": number}
        with tracing.span(call.name, tracing.SpanKind.CLIENT, about) as span:
            try:
                with self._breaker.calling():
                    return await send(await self._pick(span), span)
            except CircuitBreakerError:
                span.set_attributes({"mesh.short_circuit": True, "mesh.breaker.state": state_of(self._breaker)})
                rejected(self._target)
                raise UpstreamUnavailable(
                    self._target, "the circuit breaker is open", sent=False, rejected=True
                ) from None

    async def _pick(self, span: Span) -> Instance:
        directory = self._directory or shared_directory()
        known = await directory.instances(self._target)
        if not known:
            raise UpstreamUnavailable(self._target, "no healthy instance is registered", sent=False)
        chosen = known[next(self._turn) % len(known)]
        span.set_attribute("mesh.instance", chosen.id)
        return chosen

    def _note(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait_s = round(state.upcoming_sleep, 4)
        told: dict[str, Any] = {
            "target": self._target,
            "attempt": state.attempt_number,
            "wait_s": wait_s,
            "error": str(error),
        }
        tracing.event("retry", told)
        log.warning("call.retry", **told)
