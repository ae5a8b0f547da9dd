"""A session whose state the test writes: nothing follows the world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from meshctl.engine.call import Directory
from meshctl.engine.live import DirectoryCalls, LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import MeshSession, Traces
from meshctl.model.status import MeshState


class StandingSession(LiveSession):
    """Acts on ``mesh``; ``traces`` in place of the mesh's own. What it shows is what ``put`` was given."""

    def __init__(self, mesh: Mesh, traces: Traces | None = None) -> None:
        super().__init__(mesh, no_calls(mesh))
        self.mesh = mesh
        if traces is not None:
            self.traces = traces  # type: ignore[assignment]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        yield


def no_calls(mesh: Mesh) -> DirectoryCalls:
    """Calls of a project in which nothing can be called."""

    def nobody(*asked: object) -> Any:
        raise AssertionError("a call was made")

    return DirectoryCalls(Directory(mesh.config, nobody, nobody), nobody)


def put(session: MeshSession, state: MeshState) -> None:
    """Make the session show ``state``."""
    kept = ("project", "revision")
    session.state.update(**{f.name: getattr(state, f.name) for f in fields(state) if f.name not in kept})
