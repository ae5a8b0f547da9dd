"""Follows the catalogue with blocking queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from meshctl.adapters.consul.catalog import registrations_of
from meshctl.adapters.consul.client import LOST, Client
from meshctl.model.registry import Registration
from meshctl.threads import stream_from_thread

#: Seconds a query waits for a change. What no check tells of is looked at this often.
WAIT_S = 5

Picture = tuple[Registration, ...]


def watch(address: str) -> AsyncIterator[Picture]:
    """Every registration, now and after every change. Raises RegistryUnavailable when Consul is lost."""
    client = Client(address)
    return stream_from_thread(lambda: _pictures(client), client.http.abort)


def _pictures(client: Client) -> Iterator[Picture]:
    """Those that differ from the last one."""
    last = None
    try:
        for _ in client.changes(lambda index, wait: client.health.state("any", index=index, wait=wait), WAIT_S):
            picture = _picture(client)
            if picture != last:
                yield picture
                last = picture
    except LOST as error:
        raise client.unavailable(error) from error
    finally:
        client.http.close()


def _picture(client: Client) -> Picture:
    _, names = client.catalog.services()
    found: list[Mapping[str, Any]] = []
    for name in sorted(names):
        _, entries = client.health.service(name)
        found += entries
    return registrations_of(found, client.agent.checks)
