"""A key-value store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from meshctl.core.registry import key_changes
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import KeyChanges, KeyEntry


class FakeKeyValue:
    """One store and all its clients; like Consul's in memory, it forgets everything when it restarts."""

    def __init__(self) -> None:
        self.up = True
        self._entries: dict[str, KeyEntry] = {}
        self._index = 1
        self._changed = asyncio.Event()

    def connect(self, address: str = "") -> FakeKeyValue:
        """The ``KeyValueConnector`` of this store, whatever the address."""
        return self

    async def restart(self) -> None:
        self._entries, self._index = {}, 1
        self._tell()

    async def stop(self) -> None:
        self.up = False
        self._tell()

    async def get(self, key: str) -> KeyEntry | None:
        await self._require()
        return self._entries.get(key)

    async def put(self, key: str, value: bytes) -> None:
        await self._require()
        self._write(key, value)

    async def cas(self, key: str, value: bytes, index: int) -> bool:
        await self._require()
        found = self._entries.get(key)
        if index != (found.index if found else 0):
            return False
        self._write(key, value)
        return True

    async def delete(self, key: str) -> None:
        await self._require()
        if self._entries.pop(key, None):
            self._tell()

    async def watch(self, prefix: str, known: Mapping[str, KeyEntry] | None = None) -> AsyncIterator[KeyChanges]:
        await self._require()
        entries, first = known or {}, True
        while True:
            changed = self._changed
            found = {key: entry for key, entry in self._entries.items() if key.startswith(prefix)}
            changes = key_changes(entries, found) if self.up else None
            if changes is not None:
                entries = found
                if changes or first:
                    yield changes
                first = False
            await changed.wait()

    async def close(self) -> None:
        return

    async def _require(self) -> None:
        await asyncio.sleep(0)
        if not self.up:
            raise RegistryUnavailable("the registry does not answer")

    def _write(self, key: str, value: bytes) -> None:
        found = self._entries.get(key)
        if found is not None and found.value == value:
            return
        self._index += 1
        self._entries[key] = KeyEntry(value, self._index)
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
