"""A session whose state the test writes: nothing follows the world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from meshctl.engine.live import LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import MeshSession, Traces
from meshctl.engine.state.events import EventsChange
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.state.topic import Reader
from meshctl.engine.state.traces import TraceList, TraceListChange
from meshctl.model.events import MeshEvent
from meshctl.model.findings import Finding
from meshctl.model.status import LinkState, ServiceStatus, Usage
from meshctl.model.traces import CollectorStatus, TraceSummary
from meshctl.ports.world import Clock


class StandingSession(LiveSession):
    """Acts on ``mesh``; ``traces`` in place of the mesh's own. What it shows is what ``put`` was given."""

    def __init__(self, mesh: Mesh, traces: Traces | None = None) -> None:
        super().__init__(mesh, nobody, nobody)
        self.mesh = mesh
        if traces is not None:
            self.traces = traces  # type: ignore[assignment]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        yield


def nobody(*asked: object) -> NoReturn:
    """What calls need besides the mesh, in a project in which nothing is called."""
    raise AssertionError("a call was made")


@dataclass(frozen=True, slots=True)
class Shown:
    """What all topics say at one moment."""

    services: tuple[ServiceStatus, ...] = ()
    links: tuple[LinkState, ...] = ()
    usage: Mapping[str, Usage] = field(default_factory=dict)
    events: tuple[MeshEvent, ...] = ()
    traces: tuple[TraceSummary, ...] = ()
    collector: CollectorStatus | None = None
    observed_at: float | None = None
    findings: tuple[Finding, ...] = ()


def put(session: MeshSession, shown: Shown) -> None:
    """Make the session show this; topics that say so already are left alone."""
    state = session.state
    state.services.set(shown.services, shown.observed_at, shown.findings)
    state.usage.set(shown.usage)
    if shown.links != state.links.value:
        state.links.publish(shown.links, frozenset(link.name for link in shown.links))
    if shown.events != state.events.value:
        state.events.publish(shown.events, EventsChange(reworded=True))
    traces = TraceList(shown.traces, shown.collector)
    if traces != state.traces.value:
        state.traces.publish(traces, TraceListChange(reset=True))


def shown_of(state: MeshState) -> Shown:
    """What the topics say now."""
    services, traces = state.services.value, state.traces.value
    return Shown(
        services.services,
        state.links.value,
        state.usage.value,
        state.events.value,
        traces.rows,
        traces.status,
        services.observed_at,
        services.findings,
    )


async def shown_when(state: MeshState, holds: Callable[[Shown], bool], clock: Clock) -> Shown:
    """The first moment that fits, within two minutes of the world's time."""
    reader = Reader(state.services, state.usage, state.links, state.events, state.traces)
    deadline = clock.monotonic() + 120
    try:
        async with asyncio.timeout(20):
            while not holds(shown := shown_of(state)):
                assert clock.monotonic() < deadline, f"still {shown}"
                await reader.next()
    finally:
        reader.close()
    return shown
