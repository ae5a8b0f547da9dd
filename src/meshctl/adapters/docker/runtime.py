"""ports.Runtime on Docker: reads over Docker's socket, changes and streams over docker-py."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence

from meshctl.adapters.docker import streams
from meshctl.adapters.docker.address import Address, resolve
from meshctl.adapters.docker.client import Client, ClientWire
from meshctl.adapters.docker.execute import DockerExec
from meshctl.adapters.docker.images import DockerImages
from meshctl.adapters.docker.instances import DockerInstances
from meshctl.adapters.docker.log_lines import log_params
from meshctl.adapters.docker.networks import DockerNetworks
from meshctl.adapters.docker.reader import ContainerReader
from meshctl.adapters.docker.volumes import DockerVolumes
from meshctl.adapters.docker.wire import SocketWire
from meshctl.model.containers import Container, LogLine, Observed, RuntimeEvent, RuntimeInfo
from meshctl.ports.runtime import Search
from meshctl.threads import run_in_thread


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
        self,
        container: Container,
        *,
        since: float | None,
        tail: int | None,
        follow: bool,
        searches: Sequence[Search] = (),
    ) -> AsyncIterator[LogLine]:
        params = log_params(since, tail, follow=follow)
        return self._client.stream(lambda api: streams.logs(api, container, params, searches))

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
