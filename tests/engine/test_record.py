"""What a live session records of a mesh, and what it does when a part of it is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from meshctl.engine.live import LiveSession
from meshctl.engine.session import Ability
from meshctl.model.config import MeshConfig, PortSpec
from meshctl.model.status import Health
from tests.builders import application, mesh_config, spec
from tests.fakes.containers import Behaviour
from tests.fakes.sessions import nobody, shown_when
from tests.fakes.stage import Stage, stage
from tests.spans import summary


def project() -> MeshConfig:
    collector = spec("collector", ports=(PortSpec("http", 16686),))
    return mesh_config(application("orders"), spec("consul"), collector, collector="collector")


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    made = stage(project(), orders=Behaviour(lines=("hello",)))
    made.seed_all()
    yield made
    await made.engine.close()


def session_of(on: Stage) -> LiveSession:
    return LiveSession(on.mesh, nobody, nobody)


async def test_what_is_followed_is_recorded_as_it_is_shown(on: Stage) -> None:
    session = session_of(on)
    async with session.following():
        shown = await shown_when(
            session.state,
            lambda s: (
                bool(s.services) and all(one.health is Health.HEALTHY for one in s.services) and len(s.usage) == 3
            ),
            on.clock,
        )
        recording = await session.record()
    assert (recording.services, recording.links, recording.events) == (shown.services, shown.links, shown.events)
    assert recording.usage.keys() == shown.usage.keys()
    assert [line.text for line in recording.lines] == ["hello"]
    assert recording.time == on.clock.now()


async def test_without_following_the_services_are_looked_at_once(on: Stage) -> None:
    recording = await session_of(on).record()
    assert [one.service for one in recording.services] == ["orders", "consul", "collector"]
    assert recording.observed_at == recording.time


async def test_traces_that_left_while_they_were_read_are_left_out(on: Stage) -> None:
    on.collector.summaries = (summary(1),)
    assert (await session_of(on).record()).traces == ()


async def test_what_is_away_is_left_out(on: Stage) -> None:
    """A broken mesh is worth a recording too."""
    on.collector.away = True
    on.engine.go_away()
    recording = await session_of(on).record()
    assert (recording.services, recording.observed_at, recording.traces, recording.lines) == ((), None, (), ())


def test_a_mesh_that_runs_can_do_everything(on: Stage) -> None:
    session = session_of(on)
    assert [session.can(ability) for ability in Ability] == [""] * len(Ability)


def test_what_the_runtime_lacks_is_not_possible(on: Stage) -> None:
    on.engine.pausing = None  # type: ignore[assignment]
    session = session_of(on)
    assert session.can(Ability.PAUSE) == session.can(Ability.UNPAUSE) == "the runtime of shop has no pausing"
    assert session.can(Ability.STOP) == ""


def test_what_is_not_the_whole_file_brings_nothing_up(on: Stage) -> None:
    on.mesh.config = replace(on.mesh.config, partial="FOO is not set")
    session = session_of(on)
    assert {ability for ability in Ability if session.can(ability) == "FOO is not set"} == {Ability.UP, Ability.SCALE}
