"""What the engine needs of a service registry and its key-value store. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

from meshctl.model.registry import KeyChanges, KeyEntry, Registration


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


class KeyValue(Protocol):
    """A key-value store at one address. Keys do not begin with a slash. Raises RegistryUnavailable."""

    async def get(self, key: str) -> KeyEntry | None: ...
    async def put(self, key: str, value: bytes) -> None: ...
    async def cas(self, key: str, value: bytes, index: int) -> bool:
        """Set if the entry's index is still ``index``, or with 0 if there is none. Whether it was set."""
        ...

    async def delete(self, key: str) -> None: ...
    def watch(self, prefix: str, known: Mapping[str, KeyEntry] | None = None) -> AsyncIterator[KeyChanges]:
        """What differs from ``known``, at once and even if it is nothing, then every change once.

        A store that is lost is asked until it answers again, and what it has forgotten is a change;
        one that has never answered raises. ``known`` continues a watch at another address.
        """
        ...

    async def close(self) -> None: ...


#: As ``RegistryConnector``.
KeyValueConnector = Callable[[str], KeyValue]
