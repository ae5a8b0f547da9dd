"""What every ports.KeyValue owes its callers; run against the fake and the real one alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol

import pytest

from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import KeyChanges
from meshctl.ports.registry import KeyValue

WAIT_S = 20.0
PREFIX = "mesh/shop/breakers/"
KEY = f"{PREFIX}orders/users"


class KeyValueBackstage(Protocol):
    """What a test does to the store behind the port's back."""

    def connect(self) -> KeyValue:
        """Another client of the same store."""
        ...

    async def restart(self) -> None:
        """It comes back at the same address, with nothing of what it held."""
        ...

    async def stop(self) -> None: ...


class KeyValueContract:
    """Subclasses bring the fixtures ``store`` (without keys) and ``store_backstage``."""

    async def test_a_value_comes_back_as_it_was_put(self, store: KeyValue) -> None:
        assert await store.get(KEY) is None
        for value in (b'{"state":"open"}', b"\xff\x00\n", b"", "käse/%20".encode()):
            await store.put(KEY, value)
            found = await store.get(KEY)
            assert found is not None and found.value == value and found.index > 0

    async def test_a_key_may_be_any_text(self, store: KeyValue) -> None:
        await store.put("mesh/käse und brot/?a=1#b", b"1")
        found = await store.get("mesh/käse und brot/?a=1#b")
        assert found is not None and found.value == b"1"

    async def test_a_set_that_compares_needs_the_index_that_is_there(self, store: KeyValue) -> None:
        assert await store.cas(KEY, b"first", 0)
        assert not await store.cas(KEY, b"second", 0)
        first = await store.get(KEY)
        assert first is not None and first.value == b"first"
        assert await store.cas(KEY, b"second", first.index)
        assert not await store.cas(KEY, b"third", first.index)
        second = await store.get(KEY)
        assert second is not None and second.value == b"second" and second.index != first.index

    async def test_of_clients_that_compare_and_set_one_wins(
        self, store: KeyValue, store_backstage: KeyValueBackstage
    ) -> None:
        other = store_backstage.connect()
        await store.put(KEY, b"old")
        for number in range(20):
            values = [f"{who} {number}".encode() for who in ("mine", "yours")]
            found = await store.get(KEY)
            assert found is not None
            mine, yours = await asyncio.gather(
                store.cas(KEY, values[0], found.index), other.cas(KEY, values[1], found.index)
            )
            assert mine != yours
            won = await store.get(KEY)
            assert won is not None and won.value == values[0 if mine else 1]

    async def test_writing_what_is_there_changes_nothing(self, store: KeyValue) -> None:
        await store.put(KEY, b"1")
        before = await store.get(KEY)
        assert before is not None
        await store.put(KEY, b"1")
        assert await store.cas(KEY, b"1", before.index)
        assert await store.get(KEY) == before

    async def test_deleting_is_final_and_repeatable(self, store: KeyValue) -> None:
        await store.put(KEY, b"1")
        await store.delete(KEY)
        await store.delete(KEY)
        assert await store.get(KEY) is None

    async def test_a_watch_begins_with_what_is_there(self, store: KeyValue) -> None:
        async with _watching(store) as changes:
            assert await _next(changes) == KeyChanges({})
        await store.put(KEY, b"1")
        await store.put("mesh/shop/faults/orders", b"2")
        async with _watching(store) as changes:
            first = await _next(changes)
            assert {key: entry.value for key, entry in first.changed.items()} == {KEY: b"1"}
            assert first.entries == first.changed

    async def test_a_watch_sees_every_change_once_over_a_restart_too(
        self, store: KeyValue, store_backstage: KeyValueBackstage
    ) -> None:
        seen: list[tuple[dict[str, bytes], list[str]]] = []
        async with _watching(store) as changes:

            async def tell() -> None:
                told = await _next(changes)
                written = {key.removeprefix(PREFIX): entry.value for key, entry in told.changed.items()}
                seen.append((written, sorted(key.removeprefix(PREFIX) for key in told.removed)))

            await tell()
            for key, value in (("a", b"1"), ("b", b"1"), ("a", b"2")):
                await store.put(f"{PREFIX}{key}", value)
                await store.put(f"{PREFIX}{key}", value)
                await store.put("mesh/shop/faults/orders", value)
                await tell()
            await store.delete(f"{PREFIX}b")
            await tell()
            await store_backstage.restart()
            await tell()
            await store.put(f"{PREFIX}a", b"2")
            await tell()
            await store.put(f"{PREFIX}c", b"3")
            await tell()
        assert seen == [
            ({}, []),
            ({"a": b"1"}, []),
            ({"b": b"1"}, []),
            ({"a": b"2"}, []),
            ({}, ["b"]),
            ({}, ["a"]),
            ({"a": b"2"}, []),
            ({"c": b"3"}, []),
        ]

    async def test_a_watch_goes_on_from_what_is_known(self, store: KeyValue) -> None:
        for key in "ab":
            await store.put(f"{PREFIX}{key}", b"1")
        async with _watching(store) as changes:
            known = (await _next(changes)).entries
        await store.put(f"{PREFIX}c", b"1")
        await store.delete(f"{PREFIX}a")
        async with aclosing(store.watch(PREFIX, known)) as changes:  # type: ignore[type-var]
            told = await _next(changes)
        assert (set(told.changed), told.removed) == ({f"{PREFIX}c"}, frozenset({f"{PREFIX}a"}))
        assert told.entries.keys() == {f"{PREFIX}b", f"{PREFIX}c"}

    async def test_a_store_that_has_never_answered_is_unavailable(
        self, store: KeyValue, store_backstage: KeyValueBackstage
    ) -> None:
        await store_backstage.stop()
        with pytest.raises(RegistryUnavailable):
            await store.get(KEY)
        with pytest.raises(RegistryUnavailable):
            await store.cas(KEY, b"1", 0)
        async with _watching(store) as changes:
            with pytest.raises(RegistryUnavailable):
                await _next(changes)


def _watching(store: KeyValue) -> aclosing[Any]:
    return aclosing(store.watch(PREFIX))


async def _next(changes: AsyncIterator[KeyChanges]) -> KeyChanges:
    async with asyncio.timeout(WAIT_S):
        return await anext(changes)
