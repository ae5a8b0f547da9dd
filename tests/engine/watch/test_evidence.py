"""Findings while somebody looks on: explained soon after the turn, and never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.watch.watcher import Watcher
from meshctl.model.containers import Container, LogLine, Room
from meshctl.model.findings import EvidenceKind, Finding
from meshctl.model.journal import Deed
from meshctl.model.status import FindingKind, Health
from tests.builders import application, mesh_config, spec
from tests.fakes.groups import FakeVolumes
from tests.fakes.sessions import Shown, shown_when
from tests.fakes.stage import Stage, stage


@pytest.fixture
def world() -> Stage:
    """Services that have run for a minute."""
    made = stage(mesh_config(application("worker", "redis"), spec("redis"), registry=""))
    made.seed_all()
    made.clock.advance(60)
    return made


@asynccontextmanager
async def watched(world: Stage) -> AsyncIterator[MeshState]:
    state = MeshState(world.clock)
    async with Watcher(world.mesh, state):
        await shown_when(state, all_well, world.clock)
        yield state
    await world.engine.close()


def all_well(shown: Shown) -> bool:
    return bool(shown.services) and all(one.health is Health.HEALTHY for one in shown.services)


async def finding(world: Stage, state: MeshState, kind: FindingKind, by: str = "") -> Finding:
    """The first finding as soon as it is of this kind."""

    def found(shown: Shown) -> bool:
        return bool(shown.findings) and (shown.findings[0].kind, shown.findings[0].by) == (kind, by)

    return (await shown_when(state, found, world.clock)).findings[0]


async def test_while_all_is_well_nothing_is_gathered(world: Stage) -> None:
    async with watched(world):
        await world.clock.sleep(30)
    assert not {"last_lines", "exec"} & set(world.engine.count())
    assert world.collector.addresses == []


async def test_who_stopped_it_is_known_as_soon_as_it_is_noted(world: Stage) -> None:
    async with watched(world) as state:
        container = world.engine.get("redis-1")
        await world.engine.instances.stop(container.id, 1.0)
        await finding(world, state, FindingKind.STOPPED)
        await world.clock.sleep(0.5)
        world.mesh.journal.note(Deed.STOPPED, "redis", "redis-1", container.id)
        began = world.clock.monotonic()
        told = await finding(world, state, FindingKind.STOPPED, "you")
        assert world.clock.monotonic() - began < 2.0
        assert EvidenceKind.JOURNAL in [fact.kind for fact in told.evidence]
        await world.engine.instances.start(container.id)
        assert (await shown_when(state, all_well, world.clock)).findings == ()


async def test_a_volume_that_fills_up_is_seen_within_two_seconds_and_forgotten_with_room(world: Stage) -> None:
    volumes = world.engine.volumes
    assert isinstance(volumes, FakeVolumes)
    async with watched(world) as state:
        volumes.rooms["redis-1"] = (Room("/data", "redisdata", 0, 2**30),)
        began = world.clock.monotonic()
        await finding(world, state, FindingKind.DISK_FULL)
        assert world.clock.monotonic() - began <= 2.1
        volumes.rooms["redis-1"] = (Room("/data", "redisdata", 2**29, 2**30),)
        await shown_when(state, lambda shown: not shown.findings, world.clock)


async def test_statuses_do_not_wait_for_what_explains_them(world: Stage) -> None:
    asked = asyncio.Event()

    async def hang(containers: Sequence[Container], most: int) -> Sequence[LogLine]:
        asked.set()
        await asyncio.Event().wait()
        return ()

    world.engine.last_lines = hang  # type: ignore[method-assign]
    async with watched(world) as state:
        world.engine.die("redis-1", 1)
        await finding(world, state, FindingKind.EXITED)
        await asked.wait()
        world.engine.die("worker-1", 1)
        await shown_when(state, lambda shown: len(shown.findings[0].victims) == 1, world.clock)
