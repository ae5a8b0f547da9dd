"""Docker's volumes, and the room that is left on them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from meshctl.adapters.docker.client import Client
from meshctl.adapters.docker.execute import DockerExec
from meshctl.errors import MeshError, NotFound
from meshctl.model.containers import LABEL_PROJECT, Container, Room, WritableMount
from meshctl.threads import run_in_thread

#: A network's file system whose server is gone makes whoever looks at it wait for ever.
_LOOK_S = 1.0
_ASK_S = 2.0
_KIB = 1024


class DockerVolumes:
    """``ports.runtime.Volumes``. One that is present is left as it is."""

    def __init__(self, client: Client, execute: DockerExec) -> None:
        self._client = client
        self._exec = execute

    async def create(self, project: str, name: str) -> None:
        await self._client.run(lambda api: api.create_volume(name, labels={LABEL_PROJECT: project}))

    async def remove(self, name: str) -> None:
        with suppress(NotFound):
            await self._client.run(lambda api: api.remove_volume(name))

    async def room(self, containers: Sequence[Container], *, ask: bool) -> Mapping[str, tuple[Room, ...]]:
        """Seen where Docker keeps them, if that is on this machine and open to this user; else by ``df`` inside."""
        found: dict[str, tuple[Room, ...]] = {}
        if self._client.address.scheme == "unix":
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    found = await run_in_thread(lambda: _seen(containers))
        if ask:
            unseen = [container for container in containers if container.id not in found]
            answers = await asyncio.gather(*map(self._ask, unseen))
            found |= {one.id: rooms for one, rooms in zip(unseen, answers, strict=True) if rooms is not None}
        return found

    async def _ask(self, container: Container) -> tuple[Room, ...] | None:
        """None where nothing can be run inside, or there is no ``df``."""
        if not container.mounts:
            return ()
        command = ["df", "-Pk", *(mount.target for mount in container.mounts)]
        try:
            answer = await self._exec.run(container.id, command, _ASK_S)
        except MeshError:
            return None
        return tuple(rooms_of(answer.output, container.mounts)) if answer.exit_code == 0 else None


def _seen(containers: Sequence[Container]) -> dict[str, tuple[Room, ...]]:
    """Of those containers all of whose mounts are here."""
    found: dict[str, tuple[Room, ...]] = {}
    for container in containers:
        with suppress(OSError):
            found[container.id] = tuple(room for mount in container.mounts for room in _look(mount))
    return found


def _look(mount: WritableMount) -> Iterator[Room]:
    """Nothing for what is no file system to write to. Raises OSError."""
    seen = os.statvfs(mount.path)
    if not seen.f_blocks or seen.f_flag & os.ST_RDONLY:
        return
    yield Room(
        mount.target,
        mount.source,
        free=seen.f_bavail * seen.f_frsize,
        total=seen.f_blocks * seen.f_frsize,
        files=seen.f_favail if seen.f_files else None,
        filesystem=str(Path(mount.path).stat().st_dev),
    )


def rooms_of(answer: str, mounts: Sequence[WritableMount]) -> Iterator[Room]:
    """From the lines of ``df -Pk`` (POSIX) about these mounts, in their order."""
    lines = [line.split(None, 5) for line in answer.splitlines()[1:]]
    for mount, line in zip(mounts, lines, strict=False):
        if len(line) == 6 and line[1].isdecimal() and line[3].isdecimal() and int(line[1]):
            yield Room(mount.target, mount.source, int(line[3]) * _KIB, int(line[1]) * _KIB, filesystem=line[0])
