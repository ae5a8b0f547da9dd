"""One pybreaker circuit breaker for each target that this process calls, with its metrics, log lines and span events.

`breakers` is the place where commands from outside (open, close, half-open) take hold.
"""

from __future__ import annotations

from typing import Any

from pybreaker import CircuitBreaker, CircuitBreakerListener

from . import tracing
from .errors import UpstreamError
from .logs import log
from .metrics import BREAKER_STATE, CALLS, FAILURES, REJECTIONS
from .settings import settings

FAIL_MAX = 5
RECOVERY_S = 10.0
_VALUE = {"closed": 0, "half-open": 1, "open": 2}

breakers: dict[str, CircuitBreaker] = {}


class _Reporter(CircuitBreakerListener):
    """Keeps the series of one caller and target, and tells of each change of state."""

    def __init__(self, caller: str, target: str) -> None:
        self._edge = {"caller": caller, "target": target}
        self._state = BREAKER_STATE.labels(**self._edge)
        self._calls = CALLS.labels(**self._edge)
        self._failures = FAILURES.labels(**self._edge)
        REJECTIONS.labels(**self._edge)
        self._state.set(_VALUE["closed"])

    def before_call(self, cb: CircuitBreaker, func: Any, *args: Any, **kwargs: Any) -> None:
        self._calls.inc()

    def failure(self, cb: CircuitBreaker, exc: BaseException) -> None:
        self._failures.inc()

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        self._state.set(_VALUE[new_state.name])
        report = log.warning if new_state.name == "open" else log.info
        old, new = _word(old_state), _word(new_state)
        report("breaker.state", **self._edge, old=old, new=new, failures=cb.fail_counter)
        tracing.event("breaker.state", {**self._edge, "from": old, "to": new})


def breaker_for(target: str, *, fail_max: int = FAIL_MAX, recovery_s: float = RECOVERY_S) -> CircuitBreaker:
    """The breaker of this process for `target`; the first caller decides its limits."""
    if target not in breakers:
        caller = settings().service
        breakers[target] = CircuitBreaker(
            name=f"{caller}/{target}",
            fail_max=fail_max,
            reset_timeout=recovery_s,
            exclude=[_not_the_upstream],
            listeners=[_Reporter(caller, target)],
            throw_new_error_on_trip=False,
        )
    return breakers[target]


def rejected(target: str) -> None:
    """Count one call that the open breaker did not let through."""
    REJECTIONS.labels(caller=settings().service, target=target).inc()


def state_of(breaker: CircuitBreaker) -> str:
    """closed, open or half_open."""
    return str(breaker.current_state).replace("-", "_")


def _not_the_upstream(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, UpstreamError)


def _word(state: Any) -> str:
    return str(state.name).replace("-", "_") if state else ""
