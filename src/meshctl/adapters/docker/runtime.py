"""ports.Runtime on Docker: reads over the engine's socket, changes and streams over docker-py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from meshctl.adapters.docker import execute, images, operations, streams
from meshctl.adapters.docker.address import Address, resolve
from meshctl.adapters.docker.client import Client, ClientWire
from meshctl.adapters.docker.reader import ContainerReader
from meshctl.adapters.docker.terminal import raw_input, size_changes
from meshctl.model.config import BuildSpec
from meshctl.model.containers import (
    Container,
    ContainerRequest,
    ExecResult,
    LogLine,
    Observed,
    ResourceSample,
    RuntimeEvent,
    RuntimeInfo,
)
from meshctl.threads import run_in_thread


class DockerRuntime:
    """A Docker engine at ``address`` (default: what the environment names). Connects on first use."""

    def __init__(self, address: Address | None = None) -> None:
        where = address or resolve()
        self._client = Client(where)
        self._reader = ContainerReader(where, None if where.plain else ClientWire(self._client))

    async def info(self) -> RuntimeInfo:
        return await run_in_thread(self._reader.info)

    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        return await run_in_thread(lambda: self._reader.find(project, service))

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        return await run_in_thread(lambda: self._reader.observe(project, images))

    async def pull_image(self, reference: str, tell: Callable[[str, float | None], None]) -> str:
        return await images.pull(self._client, reference, tell)

    async def build_image(self, build: BuildSpec, tag: str, tell: Callable[[str, float | None], None]) -> str:
        return await images.build(self._client, build, tag, tell)

    async def create_network(self, project: str, name: str) -> None:
        await self._client.run(lambda api: operations.create_network(api, project, name))

    async def remove_network(self, name: str) -> None:
        await self._client.run(lambda api: operations.remove_network(api, name))

    async def create_volume(self, project: str, name: str) -> None:
        await self._client.run(lambda api: operations.create_volume(api, project, name))

    async def remove_volume(self, name: str) -> None:
        await self._client.run(lambda api: operations.remove_volume(api, name))

    async def create_container(self, request: ContainerRequest) -> str:
        return await self._client.run(lambda api: operations.create_container(api, request))

    async def start_container(self, container_id: str) -> None:
        await self._client.run(lambda api: operations.start_container(api, container_id))

    async def stop_container(self, container_id: str, timeout_s: float) -> None:
        await self._client.run(lambda api: operations.stop_container(api, container_id, timeout_s))

    async def restart_container(self, container_id: str, timeout_s: float) -> None:
        await self._client.run(lambda api: operations.restart_container(api, container_id, timeout_s))

    async def pause_container(self, container_id: str) -> None:
        await self._client.run(lambda api: operations.pause_container(api, container_id))

    async def unpause_container(self, container_id: str) -> None:
        await self._client.run(lambda api: operations.unpause_container(api, container_id))

    async def remove_container(self, container_id: str) -> None:
        await self._client.run(lambda api: operations.remove_container(api, container_id))

    async def exec(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        """Raises DeadlineExceeded when the command runs longer than ``timeout_s``."""
        return await self._client.run(lambda api: execute.run(api, container_id, command, timeout_s))

    async def exec_attached(self, container_id: str, command: Sequence[str], *, tty: bool) -> int:
        session = execute.Attached(container_id, command, tty=tty)
        resizes: set[asyncio.Task[None]] = set()

        def resize() -> None:
            task = asyncio.ensure_future(self._client.run(session.resize))
            resizes.add(task)
            task.add_done_callback(resizes.discard)

        running = asyncio.ensure_future(self._client.run(session.run))
        try:
            with raw_input(tty), size_changes(tty, resize):
                return await asyncio.shield(running)
        finally:
            session.cut()
            await asyncio.wait([running, *resizes], timeout=5.0)
            if running.done():
                running.cancelled() or running.exception()
                session.close()

    def logs(
        self, container: Container, *, since: float | None, tail: int | None, follow: bool
    ) -> AsyncIterator[LogLine]:
        return self._client.stream(lambda api: streams.logs(api, container, since=since, tail=tail, follow=follow))

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        """From this call on, not only from the first step of the iteration."""
        since = time.time()
        return self._client.stream(lambda api: streams.events(api, project, since))

    def stats(self, container_id: str) -> AsyncIterator[ResourceSample]:
        """A slow reader gets the newest sample."""
        return self._client.stream(lambda api: streams.stats(api, container_id), limit=1, latest=True)

    async def close(self) -> None:
        await self._client.close()
