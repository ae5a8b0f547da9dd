"""Operations: which span names the services have, and how long a trace of each usually takes."""

from __future__ import annotations

#: Bytes of memory that an operation costs beside its name.
NAME_COST = 320

#: How often a trace of an operation may be slow, what counts as slower, and how many are needed to tell.
_SLOW_RATIO = 0.05
_SLOWER = 1.25
_STEP = 0.05
_ENOUGH = 20

_SWEEP_AT = 64


class Operation:
    """A span name of a service. ``traces`` counts those it occurs in; roots of it tell what is slow."""

    __slots__ = ("_level", "_seen", "name", "service", "traces")

    def __init__(self, service: str, name: str) -> None:
        self.service = service
        self.name = name
        self.traces = 0
        self._seen = 0
        self._level = 0.0

    @property
    def cost(self) -> int:
        """Bytes of memory, about."""
        return len(self.name) + NAME_COST

    def is_slow(self, duration_ns: int) -> bool:
        """Whether a trace with such a root is slower than about 95 of 100 before it; it counts from now on.

        The level moves so that one in twenty lies above it; equal durations are never slow.
        """
        seen, level = self._seen, self._level
        self._seen = seen + 1
        if seen < _ENOUGH:
            self._level = max(level, float(duration_ns))
            return False
        above = duration_ns > level
        self._level = max(level * (1 + _STEP * (1 - _SLOW_RATIO) if above else 1 - _STEP * _SLOW_RATIO), 1.0)
        return duration_ns > level * _SLOWER


class OperationIndex:
    """Services and their operations in the traces that are kept. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._services: dict[str, dict[str, Operation]] = {}
        self._sweep_at = _SWEEP_AT

    def of(self, service: str) -> dict[str, Operation]:
        """The operations of a service by name, to look up in and to add to; ``remove`` takes out."""
        names = self._services.get(service)
        if names is None:
            if len(self._services) >= self._sweep_at:
                self._sweep()
            names = self._services[service] = {}
        return names

    def remove(self, operation: Operation) -> None:
        """No trace has it any more."""
        del self._services[operation.service][operation.name]

    def services(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(service for service, names in self._services.copy().items() if names))

    def names(self, service: str) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(self._services.get(service, {}).copy()))

    def _sweep(self) -> None:
        self._services = {service: names for service, names in self._services.items() if names}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._services))
