"""ports.Runtime on Docker: reads over Docker's socket, changes and streams over docker-py."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from meshctl.adapters.docker import streams
from meshctl.adapters.docker.address import Address, resolve
from meshctl.adapters.docker.client import Client, ClientWire
from meshctl.adapters.docker.execute import DockerExec
from meshctl.adapters.docker.images import DockerImages
from meshctl.adapters.docker.instances import DockerInstances
from meshctl.adapters.docker.reader import ContainerReader
from meshctl.adapters.docker.volumes import DockerVolumes
from meshctl.adapters.docker.wire import SocketWire
from meshctl.errors import NotFound
from meshctl.model.containers import LABEL_PROJECT, Container, LogLine, Observed, RuntimeEvent, RuntimeInfo
from meshctl.threads import run_in_thread

if TYPE_CHECKING:
    from docker.api.client import APIClient


class DockerRuntime:
    """A Docker engine at ``address`` (default: what the environment names). Connects on first use."""

    def __init__(self, address: Address | None = None) -> None:
        where = address or resolve()
        self.address = where.url
        self._client = Client(where)
        wire = SocketWire(where) if where.plain else ClientWire(self._client)
        self._reader = ContainerReader(where, wire)
        self.instances = self.pausing = DockerInstances(self._client)
        self.images = DockerImages(self._client)
        self.networks = DockerNetworks(self._client)
        self.exec = DockerExec(self._client, wire)
        self.volumes = DockerVolumes(self._client, self.exec)
        self.stats = streams.DockerStats(self._client)

    async def info(self) -> RuntimeInfo:
        return await run_in_thread(self._reader.info)

    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        return await run_in_thread(lambda: self._reader.find(project, service))

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        return await run_in_thread(lambda: self._reader.observe(project, images))

    def logs(
        self, container: Container, *, since: float | None, tail: int | None, follow: bool
    ) -> AsyncIterator[LogLine]:
        return self._client.stream(lambda api: streams.logs(api, container, since=since, tail=tail, follow=follow))

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        """From this call on, not only from the first step of the iteration."""
        since = time.time()
        return self._client.stream(lambda api: self._noted(streams.events(api, project, since)))

    async def past_events(self, project: str) -> Sequence[RuntimeEvent]:
        return await run_in_thread(lambda: self._reader.past_events(project, time.time()))

    async def last_lines(self, containers: Sequence[Container], most: int) -> Sequence[LogLine]:
        return await run_in_thread(lambda: self._reader.last_lines(containers, most))

    def _noted(self, events: Iterator[RuntimeEvent]) -> Iterator[RuntimeEvent]:
        for event in events:
            self._reader.happened(event.container_id)
            yield event

    async def close(self) -> None:
        await self._client.close()


class DockerNetworks:
    """``ports.runtime.Resources``: bridges with the project's label."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, project: str, name: str) -> None:
        await self._client.run(lambda api: _create_network(api, project, name))

    async def remove(self, name: str) -> None:
        with suppress(NotFound):
            await self._client.run(lambda api: api.remove_network(name))


def _create_network(api: APIClient, project: str, name: str) -> None:
    import docker.errors

    if any(network.get("Name") == name for network in api.networks(names=[name])):
        return
    try:
        api.create_network(name, driver="bridge", check_duplicate=True, labels={LABEL_PROJECT: project})
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise
