"""The app over a session that the test writes, in a world that stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from textual.pilot import Pilot

from meshctl.engine.mesh import Mesh
from meshctl.engine.session import Traces
from meshctl.model.config import MeshConfig
from meshctl.tui.app import MeshApp
from tests.fakes.collectors import FakeCollector
from tests.fakes.containers import FakeEngine
from tests.fakes.journal import FakeJournal
from tests.fakes.sessions import Shown, StandingSession, put
from tests.fakes.turns import FakeTurns
from tests.fakes.world import FakeClock, FakeProber, FakeRegistry
from tests.tui.states import NOW, config

AppOf = Callable[..., MeshApp]


@pytest.fixture(autouse=True)
def as_in_a_terminal(eager_tasks: None) -> None:
    """In every test of this room."""


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pictures show the same wall time everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class StandingClock(FakeClock):
    """It is always ``NOW``; who sleeps lets the others go first."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(StandingClock(NOW))


@pytest.fixture
def app_of(engine: FakeEngine) -> AppOf:
    """``app_of(state)`` shows that state; ``engine`` is what its verbs reach, ``desk`` what gives traces."""
    return partial(app_on, engine)


def app_on(engine: FakeEngine, state: Shown, project: MeshConfig | None = None, desk: Traces | None = None) -> MeshApp:
    """The app in a world of fakes."""
    registry = FakeRegistry(engine)
    mesh = Mesh(
        project or config(),
        engine,
        registry.connect,
        FakeProber(engine),
        engine.clock,
        FakeCollector(),
        FakeJournal(engine.clock),
        FakeTurns(engine.clock),
    )
    session = StandingSession(mesh, desk)
    put(session, state)
    return MeshApp(session)


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    """Wait for the app to come to a state."""
    async with asyncio.timeout(5):
        while not holds():
            await pilot.pause()
