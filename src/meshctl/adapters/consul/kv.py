"""Consul's key-value store."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, TypeVar

from meshctl.adapters.consul.client import Client
from meshctl.core.registry import key_changes
from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import KeyChanges, KeyEntry
from meshctl.threads import run_in_thread, stream_from_thread

T = TypeVar("T")

#: Seconds a query waits for a change.
WAIT_S = 60

#: Seconds until a lost agent is asked again: the first and the longest pause.
PAUSES_S = (0.1, 1.0)


class ConsulKeyValue:
    """The ``KeyValue`` at ``host:port``."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def get(self, key: str) -> KeyEntry | None:
        """None: no such key."""
        _, found = await self._ask(lambda client: client.kv.get(key))
        return None if found is None else _entry(found)

    async def put(self, key: str, value: bytes) -> None:
        """Whatever was there."""
        await self._ask(lambda client: client.kv.put(key, value))

    async def cas(self, key: str, value: bytes, index: int) -> bool:
        """Whether the entry had this index still, 0 for none, and has the value now."""
        return bool(await self._ask(lambda client: client.kv.put(key, value, cas=index)))

    async def delete(self, key: str) -> None:
        """Gone already: nothing happens."""
        await self._ask(lambda client: client.kv.delete(key))

    def watch(self, prefix: str, known: Mapping[str, KeyEntry] | None = None) -> AsyncIterator[KeyChanges]:
        """As in ``KeyValue``."""
        watcher = _Watcher(Client(self.address), prefix)
        return stream_from_thread(lambda: watcher.changes(known), watcher.stop)

    async def close(self) -> None:
        """Nothing is held between calls; a watch ends with its iterator."""

    async def _ask(self, question: Callable[[Client], T]) -> T:
        client = Client(self.address)

        def ask() -> T:
            with client.asking():
                return question(client)

        return await run_in_thread(ask, client.http.abort)


class _Watcher:
    """Asks in one thread until another stops it."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self._client.http.abort()

    def changes(self, known: Mapping[str, KeyEntry] | None) -> Iterator[KeyChanges]:
        entries, answered, pause_s = known or {}, False, PAUSES_S[0]
        while not self._stopped.is_set():
            try:
                for found in self._pictures():
                    changes = key_changes(entries, found)
                    if changes or not answered:
                        yield changes
                    entries, answered, pause_s = found, True, PAUSES_S[0]
            except RegistryUnavailable:
                if not answered:
                    raise
            self._stopped.wait(pause_s)
            pause_s = min(2 * pause_s, PAUSES_S[1])

    def _pictures(self) -> Iterator[dict[str, KeyEntry]]:
        """Everything under the prefix, whenever Consul answers."""
        client = self._client

        def ask(index: int | None, wait: str) -> tuple[str, Any]:
            answer: tuple[str, Any] = client.kv.get(self._prefix, index=index, wait=wait, recurse=True)
            return answer

        with client.asking():
            for found in client.changes(ask, WAIT_S):
                yield {entry["Key"]: _entry(entry) for entry in found or ()}


def _entry(found: Mapping[str, Any]) -> KeyEntry:
    return KeyEntry(found["Value"] or b"", found["ModifyIndex"])
