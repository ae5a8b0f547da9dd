"""Time, progress and health checks. Adapters implement it; tests fake it."""

from __future__ import annotations

from typing import Protocol

from meshctl.model.config import HealthCheck, ServiceSpec
from meshctl.model.containers import (
    Container,
)
from meshctl.model.progress import ProgressEvent
from meshctl.model.status import ProbeResult


class ProgressSink(Protocol):
    """Receives what long work tells. Must not block."""

    def emit(self, event: ProgressEvent) -> None: ...


class Clock(Protocol):
    """``now`` Unix seconds, ``monotonic`` seconds, ``sleep`` cancellable."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class Prober(Protocol):
    """Checks one instance once; a failed check is a result, never an exception.

    The time of ``check`` may be less than that of ``spec.healthcheck``: silence is no evidence then (``cut``). Who
    asks what is being asked of the same instance shares that answer.
    """

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult: ...
    async def close(self) -> None: ...
