"""What the instances write, as one stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence

from meshctl.core.plan.selection import require_known
from meshctl.engine.mesh import Mesh
from meshctl.errors import EngineUnavailable, MeshError, UsageError
from meshctl.model.containers import Container, ContainerState, LogLine

#: How often a follower looks for new instances and for containers that came back.
LOOK_S = 0.5
BUFFER = 1000

_Fits = Callable[[LogLine], bool]


async def stream_logs(
    mesh: Mesh,
    services: Sequence[str] = (),
    *,
    follow: bool,
    since: float | None = None,
    tail: int | None = None,
    grep: str | None = None,
    trace: str | None = None,
) -> AsyncIterator[LogLine]:
    """Lines of the services, by time; ``tail`` counts per instance. With ``follow`` it goes on through restarts,
    new instances and an engine that comes back, until cancelled. Raises UsageError for a bad pattern or name.
    """
    require_known(mesh.config, services)
    fits = _filter(grep, trace)
    if follow:
        async for line in _follow(mesh, services, since, tail):
            if fits(line):
                yield line
        return
    collected = [
        line
        for container in await _containers(mesh, services)
        async for line in mesh.containers.logs(container, since=since, tail=tail, follow=False)
    ]
    for line in sorted(collected, key=lambda line: line.time):
        if fits(line):
            yield line


async def _follow(mesh: Mesh, services: Sequence[str], since: float | None, tail: int | None) -> AsyncIterator[LogLine]:
    queue: asyncio.Queue[LogLine] = asyncio.Queue(BUFFER)
    keeper = asyncio.create_task(_keep_following(mesh, services, since, tail, queue))
    try:
        while True:
            getter = asyncio.ensure_future(queue.get())
            done, _ = await asyncio.wait({getter, keeper}, return_when=asyncio.FIRST_COMPLETED)
            if getter not in done:
                getter.cancel()
                keeper.result()
                return
            yield getter.result()
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _keep_following(
    mesh: Mesh,
    services: Sequence[str],
    since: float | None,
    tail: int | None,
    queue: asyncio.Queue[LogLine],
) -> None:
    """One reader a running container; a container that ended and runs again gets a new one from where it was."""
    readers: dict[str, asyncio.Task[None]] = {}
    reached: dict[str, float] = {}
    first = True
    try:
        while True:
            try:
                containers = await _containers(mesh, services)
            except EngineUnavailable:
                if first:
                    raise
                containers = []
            for container in containers:
                reader = readers.get(container.id)
                seen = container.id in reached or reader is not None
                alive = container.state is ContainerState.RUNNING
                if (reader is None or reader.done()) and (alive or not seen):
                    start, lines = (reached.get(container.id, since), None) if seen else (since, tail)
                    read = _read(mesh, container, start, lines if first else None, queue, reached)
                    readers[container.id] = asyncio.create_task(read)
            first = False
            await mesh.clock.sleep(LOOK_S)
    finally:
        for reader in readers.values():
            reader.cancel()
        await asyncio.gather(*readers.values(), return_exceptions=True)


async def _read(
    mesh: Mesh,
    container: Container,
    since: float | None,
    tail: int | None,
    queue: asyncio.Queue[LogLine],
    reached: dict[str, float],
) -> None:
    after = reached.get(container.id)
    try:
        async for line in mesh.containers.logs(container, since=since, tail=tail, follow=True):
            if after is not None and line.time <= after:
                continue
            reached[container.id] = line.time
            await queue.put(line)
    except MeshError:
        return  # The keeper looks again: a container that is gone is gone, one that came back is read on.


async def _containers(mesh: Mesh, services: Sequence[str]) -> list[Container]:
    observed = await mesh.containers.observe(mesh.config.name)
    return [c for c in observed.containers if not services or c.service in services]


def _filter(grep: str | None, trace: str | None) -> _Fits:
    try:
        pattern = re.compile(grep) if grep else None
    except re.error as error:
        raise UsageError(f"--grep: not a regular expression: {error}") from None

    def fits(line: LogLine) -> bool:
        return (pattern is None or pattern.search(line.text) is not None) and (trace is None or trace in line.text)

    return fits
