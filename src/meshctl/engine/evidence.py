"""Gathers what findings are made of. Only what is needed: next to nothing while all is well; whatever does not answer
in time is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar

from meshctl.core.health.blame import needs
from meshctl.core.health.causes import is_unwell
from meshctl.core.health.facts import Facts
from meshctl.core.resolve import collector_address
from meshctl.engine.mesh import Mesh
from meshctl.errors import MeshError
from meshctl.model.config import ServiceKind
from meshctl.model.containers import Container, ContainerState, LogLine, Room, RuntimeEvent
from meshctl.model.journal import Deed
from meshctl.model.status import ServiceStatus
from meshctl.model.traces import ServiceEdge
from meshctl.threads import run_in_thread

T = TypeVar("T")

#: Nothing is waited for longer.
WITHIN_S = 1.0
#: Calls of so many seconds tell who needs whom.
EDGES_S = 600.0
#: The last lines of an instance that are read, characters of each, and of how many instances.
LINES = 30
LONGEST = 4096
MOST_INSTANCES = 24
_OF_WHAT_IS_GONE = (Deed.CREATED, Deed.REMOVED)


async def glance(mesh: Mesh, containers: Sequence[Container]) -> Facts:
    """What is wrong with those that may look well.

    The room of all that runs, as far as it can be seen for nothing; of other stores their last lines, which tell; and
    where memory is limited what happened, because an instance may live on without a process that was killed.
    """
    running = [container for container in containers if container.state is ContainerState.RUNNING]
    limited = any(mesh.config.services[one.service].mem_limit for one in running if one.service in mesh.config.services)
    rooms, events = await asyncio.gather(
        _rooms(mesh, running, ask=False), _past(mesh) if limited else asyncio.sleep(0, ())
    )
    unseen = [container for container in running if container.mounts and container.instance_id not in rooms]
    lines = await _lines(mesh, [one for one in unseen if _carries(mesh, one)])
    return Facts(tuple(containers), events=events, lines=lines, rooms=rooms)


async def gather(mesh: Mesh, statuses: Sequence[ServiceStatus], known: Facts) -> Facts:
    """All that may explain why some are not well. ``known`` is what ``glance`` has told."""
    unwell = {status.service for status in statuses if is_unwell(status)}
    needed = needs(mesh.config, ())
    stores = {other for service in unwell for other in needed.get(service, ())}
    read = [c for c in known.containers if c.service in unwell]
    read += [c for c in known.containers if c.service in stores - unwell and _carries(mesh, c)]
    running = [c for c in read if c.state is ContainerState.RUNNING and c.instance_id not in known.rooms]
    here = {container.id for container in known.containers}
    edges, events, journal, lines, rooms = await asyncio.gather(
        edges_seen(mesh, known.containers),
        _past(mesh),
        run_in_thread(mesh.journal.read),
        _lines(mesh, read),
        _rooms(mesh, running, ask=True),
    )
    return replace(
        known,
        edges=edges,
        journal=[entry for entry in journal if entry.container_id in here or entry.deed in _OF_WHAT_IS_GONE],
        user=mesh.journal.user,
        events=events,
        lines={**known.lines, **lines},
        rooms={**known.rooms, **rooms},
    )


async def _past(mesh: Mesh) -> Sequence[RuntimeEvent]:
    return await _within(mesh.runtime.past_events(mesh.config.name), ())


async def edges_seen(mesh: Mesh, containers: Sequence[Container]) -> Sequence[ServiceEdge]:
    """Who called whom lately; none without a collector that answers."""
    try:
        address = collector_address(mesh.config, containers)
    except MeshError:
        return ()
    reader = mesh.collectors.reader(address)
    return await _within(run_in_thread(lambda: reader.edges(EDGES_S)), ())


async def _lines(mesh: Mesh, containers: Sequence[Container]) -> dict[str, list[LogLine]]:
    """By instance id."""
    found: dict[str, list[LogLine]] = {}
    if containers:
        for line in await _within(mesh.runtime.last_lines(containers[:MOST_INSTANCES], LINES), ()):
            cut = line if len(line.text) <= LONGEST else replace(line, text=line.text[:LONGEST])
            found.setdefault(line.instance_id, []).append(cut)
    return found


async def _rooms(mesh: Mesh, containers: Sequence[Container], *, ask: bool) -> dict[str, tuple[Room, ...]]:
    """By instance id."""
    volumes = mesh.runtime.volumes
    if volumes is None or not containers:
        return {}
    seen = await _within(volumes.room(containers, ask=ask), {})
    return {container.instance_id: seen[container.id] for container in containers if container.id in seen}


async def _within(asked: Awaitable[T], otherwise: T) -> T:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await asked
    except (MeshError, TimeoutError):
        return otherwise


def _carries(mesh: Mesh, container: Container) -> bool:
    """Whether it belongs to what carries the others: stores, brokers, the registry."""
    spec = mesh.config.services.get(container.service)
    return spec is None or spec.kind is ServiceKind.INFRASTRUCTURE
