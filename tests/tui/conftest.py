"""The app over a store that the test writes, at a clock that stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from meshctl.engine.mesh import Mesh
from meshctl.engine.store import MeshStore
from meshctl.model.status import MeshState
from meshctl.tui.app import MeshApp
from tests.tui.engine import RecordingEngine, no_registry, unasked
from tests.tui.states import NOW, config


class StandingClock:
    """It is always ``NOW``; sleeping yields and takes no time worth mentioning."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.001))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures show the same wall time everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def app_of() -> Callable[[MeshState], MeshApp]:
    """``app_of(state)`` is the app showing that state; its ``engine`` records what it is asked for."""

    def build(state: MeshState) -> MeshApp:
        clock = StandingClock()
        mesh = Mesh(config(), RecordingEngine(state), no_registry, unasked, clock)
        store = MeshStore("shop", clock)
        store.replace(state)
        return MeshApp(mesh, store)

    return build
