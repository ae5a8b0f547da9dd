"""What the engine needs of a service registry. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from meshctl.model.registry import Registration


class Registry(Protocol):
    """A service registry at one address. Raises RegistryUnavailable."""

    async def registrations(self) -> tuple[Registration, ...]:
        """Every registered instance of every service with its checks."""
        ...

    def watch(self) -> AsyncIterator[tuple[Registration, ...]]:
        """The same, now and after every change (blocking queries). Raises when the registry is lost."""
        ...

    async def deregister(self, instance_id: str) -> None: ...
    async def close(self) -> None: ...


#: ``connect("127.0.0.1:49153")`` gives the registry that answers there.
RegistryConnector = Callable[[str], Registry]
