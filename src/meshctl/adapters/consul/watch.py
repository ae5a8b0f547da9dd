"""The registry that Consul is: read by the standard library, watched with blocking queries of python-consul."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from meshctl.adapters.consul.catalog import ConsulReader, registrations_of
from meshctl.model.registry import Registration
from meshctl.threads import run_in_thread, stream_from_thread

if TYPE_CHECKING:
    from meshctl.adapters.consul.client import Client

#: Seconds a query waits for a change. What no check tells of is looked at this often.
WAIT_S = 5

Picture = tuple[Registration, ...]


class ConsulRegistry:
    """The ``Registry`` at ``host:port``."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def registrations(self) -> Picture:
        """Every registered instance of every service with its checks."""
        reader = ConsulReader(self.address)
        return await run_in_thread(reader.registrations, reader.abort)

    def watch(self) -> AsyncIterator[Picture]:
        """The same, now and after every change. Raises RegistryUnavailable when the registry is lost."""
        from meshctl.adapters.consul.client import Client

        client = Client(self.address)
        return stream_from_thread(lambda: _pictures(client), client.http.abort)

    async def deregister(self, instance_id: str) -> None:
        """Make the agent forget an instance; unknown already: nothing happens."""
        reader = ConsulReader(self.address)
        await run_in_thread(lambda: reader.deregister(instance_id), reader.abort)

    async def close(self) -> None:
        """Nothing is held between calls; a watch ends with its iterator."""


def _pictures(client: Client) -> Iterator[Picture]:
    """Those that differ from the last one."""
    last = None
    with client.asking():
        for _ in client.changes(lambda index, wait: client.health.state("any", index=index, wait=wait), WAIT_S):
            picture = _picture(client)
            if picture != last:
                yield picture
                last = picture


def _picture(client: Client) -> Picture:
    _, names = client.catalog.services()
    found: list[Mapping[str, Any]] = []
    for name in sorted(names):
        _, entries = client.health.service(name)
        found += entries
    return registrations_of(found, client.agent.checks)
