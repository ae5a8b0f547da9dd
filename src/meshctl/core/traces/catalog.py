"""Which services and span names occur in the traces that are kept."""

from __future__ import annotations

from meshctl.core.traces.stored import Operation

_SWEEP_AT = 64


class Catalog:
    """One ``Operation`` a service and name. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._services: dict[str, dict[str, Operation]] = {}
        self._sweep_at = _SWEEP_AT

    def names(self, service: str) -> dict[str, Operation]:
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

    def operations(self, service: str) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(self._services.get(service, {}).copy()))

    def _sweep(self) -> None:
        self._services = {service: names for service, names in self._services.items() if names}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._services))
