"""What every ports.Registry owes its callers; run against the fake and the real one alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol

import pytest

from meshctl.errors import RegistryUnavailable
from meshctl.model.registry import CheckStatus, Registration, RegistryCheckKind
from meshctl.ports.registry import Registry
from tests.builders import registration

WAIT_S = 20.0


class Backstage(Protocol):
    """What a test does to the registry behind the port's back."""

    async def register(self, registration: Registration) -> None: ...
    async def forget(self, instance_id: str) -> None: ...
    async def stop(self) -> None: ...


def orders(number: int, status: CheckStatus = CheckStatus.PASSING, output: str = "") -> Registration:
    """One of the service's instances, with a TTL check of its own."""
    return registration(
        f"orders-{number}",
        status,
        output,
        address=f"172.18.0.{number}",
        tags=("http",),
        meta={"project": "shop"},
    )


def _orders(picture: tuple[Registration, ...]) -> list[Registration]:
    """The service's instances without the checks of the node that they share."""
    own = (replace(r, checks=tuple(c for c in r.checks if c.kind is not RegistryCheckKind.NODE)) for r in picture)
    return sorted((r for r in own if r.service == "orders"), key=lambda r: r.id)


class RegistryContract:
    """Subclasses bring the fixtures ``registry`` (holding no orders) and ``backstage``."""

    async def test_it_lists_what_is_registered(self, registry: Registry, backstage: Backstage) -> None:
        await backstage.register(orders(1))
        await backstage.register(orders(2, CheckStatus.CRITICAL, "connection refused"))
        assert _orders(await registry.registrations()) == [
            orders(1),
            orders(2, CheckStatus.CRITICAL, "connection refused"),
        ]

    async def test_a_watch_begins_with_what_is_there(self, registry: Registry, backstage: Backstage) -> None:
        await backstage.register(orders(1))
        async with _watching(registry) as pictures:
            assert _orders(await anext(pictures)) == [orders(1)]

    async def test_a_watch_tells_every_change(self, registry: Registry, backstage: Backstage) -> None:
        async with _watching(registry) as pictures:
            await _until(pictures, lambda seen: seen == [])
            await backstage.register(orders(1, CheckStatus.CRITICAL, "starting"))
            await _until(pictures, lambda seen: seen == [orders(1, CheckStatus.CRITICAL, "starting")])
            await backstage.register(orders(1))
            await _until(pictures, lambda seen: seen == [orders(1)])
            await backstage.forget("orders-1")
            await _until(pictures, lambda seen: seen == [])

    async def test_deregistering_is_final_and_repeatable(self, registry: Registry, backstage: Backstage) -> None:
        await backstage.register(orders(1))
        await registry.deregister("orders-1")
        await registry.deregister("orders-1")
        assert _orders(await registry.registrations()) == []

    async def test_a_lost_registry_ends_a_watch_with_an_error(self, registry: Registry, backstage: Backstage) -> None:
        async with _watching(registry) as pictures:
            await anext(pictures)
            await backstage.stop()
            with pytest.raises(RegistryUnavailable):
                await _until(pictures, lambda seen: False)
        with pytest.raises(RegistryUnavailable):
            await registry.registrations()


def _watching(registry: Registry) -> aclosing[Any]:
    return aclosing(registry.watch())


async def _until(
    pictures: AsyncIterator[tuple[Registration, ...]], holds: Callable[[list[Registration]], bool]
) -> None:
    async with asyncio.timeout(WAIT_S):
        async for picture in pictures:
            if holds(_orders(picture)):
                return
