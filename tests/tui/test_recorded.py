"""A recording drives the app as the mesh did that it was made of; it shows everything and does nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from meshctl import bootstrap
from meshctl.core.plan.request import container_request
from meshctl.engine.live import LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import MeshSession
from meshctl.engine.watch.stats import KEEP as SAMPLES
from meshctl.model.config import MeshConfig, PortSpec
from meshctl.model.containers import ContainerState
from meshctl.model.events import EventKind
from meshctl.model.findings import Finding, Mend, MendKind
from meshctl.model.recording import Recording
from meshctl.model.registry import CheckStatus
from meshctl.model.status import FindingKind, Health
from meshctl.present.documents.recording import recording_from_data, recording_to_data
from meshctl.tui.app import MeshApp
from tests.builders import application, mesh_config, spec
from tests.fakes.collectors import MemoryCollector
from tests.fakes.containers import Behaviour, FakeEngine
from tests.fakes.journal import FakeJournal
from tests.fakes.sessions import nobody
from tests.fakes.turns import FakeTurns
from tests.fakes.world import FakeProber, FakeRegistry
from tests.spans import BEGIN_NS, TRACE, order, span, trace
from tests.tui.conftest import StandingClock, until

SIZE = (150, 40)
#: Shortly after the traces.
NOW = BEGIN_NS / 1e9 + 5
#: Keys, and what stands on the screen that they lead to.
WALK: Mapping[str, tuple[tuple[str, ...], str]] = {
    "services": (("home",), "▌✖ worker"),
    "what is wrong": (("w",), "what is wrong, cause first"),
    "a service": (("escape", "down", "enter"), "▲ inventory-1"),
    "traces": (("escape", "2"), "POST /orders/"),
    "a search": (("slash", *"text=tea", "enter"), "GET /items"),
    "waterfall": (("escape", "down", "enter"), "SELECT users"),
    "log lines of a trace": (("l",), "order.created"),
    "map": (("3",), "notifications"),
    "map of all that is kept": (("d", "d"), "all that is kept"),
    "logs": (("6",), "GET /health"),
}


def project() -> MeshConfig:
    services = [application(name) for name in ("orders", "users", "inventory", "worker")]
    collector = spec("collector", ports=(PortSpec("http", 16686),))
    return mesh_config(*services, spec("consul"), collector, collector="collector")


class SettlingClock(StandingClock):
    """It is always the same moment, and who sleeps sleeps short until all has come to rest."""

    at_rest = False

    async def sleep(self, seconds: float) -> None:
        await (asyncio.sleep(seconds) if self.at_rest else super().sleep(seconds))


def mesh() -> Mesh:
    """Everything runs; one check fails, and there are traces and lines."""
    config, clock = project(), SettlingClock(NOW)
    engine = FakeEngine(clock)
    engine.behaviours |= {
        "orders": Behaviour(lines=(f'{{"event": "order.created", "trace_id": "{TRACE}"}}', "GET /health 200")),
        "inventory": Behaviour(check=CheckStatus.CRITICAL, check_output="Get /health: i/o timeout"),
    }
    for service in config.services.values():
        engine.seed(container_request(config, service, 1), started_at=NOW - 600)
    other = trace(replace(span(1, 0, "inventory", "GET /items", at=900, attributes={"text": "tea"}), trace_id="e" * 32))
    collector = MemoryCollector(order(), other, clock_ns=lambda: round(NOW * 1e9))
    registry = FakeRegistry(engine)
    journal, turns = FakeJournal(clock), FakeTurns(clock)
    return Mesh(config, engine, registry.connect, FakeProber(engine), clock, collector, journal, turns)  # type: ignore[arg-type]


@asynccontextmanager
async def settled() -> AsyncIterator[LiveSession]:
    """A live session in which all figures have come to rest."""
    session = LiveSession(live := mesh(), nobody, nobody)
    try:
        yield session
    finally:
        await live.runtime.close()  # type: ignore[attr-defined]


def at_rest(session: MeshSession) -> bool:
    """All that can be seen is there, a death included."""
    state = session.state
    healths = [one.health for one in state.services.value.services]
    usage = state.usage.value.values()
    return (
        Counter(healths) == {Health.HEALTHY: 4, Health.DEGRADED: 1, Health.UNHEALTHY: 1}
        and len(usage) == 5
        and all(len(one.cpu) == SAMPLES for one in usage)
        and len(state.traces.value.rows) == 2
        and any(event.kind is EventKind.DIED for event in state.events.value)
    )


def runs_well(session: MeshSession, service: str) -> bool:
    return any(one.service == service and one.health is Health.HEALTHY for one in session.state.services.value.services)


def screen(app: MeshApp) -> str:
    """The text of all that is drawn."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def walked(app: MeshApp, pilot: Pilot[int]) -> dict[str, str]:
    """The text of each screen of the walk, when nothing moves any more."""
    seen: dict[str, str] = {}
    for name, (keys, marker) in WALK.items():
        await pilot.press(*keys)
        seen[name] = await still(app, pilot, marker)
    return seen


async def still(app: MeshApp, pilot: Pilot[int], marker: str) -> str:
    """The text once ``marker`` is on the screen and nothing moves."""
    last = ""

    def stands() -> bool:
        nonlocal last
        before, last = last, screen(app)
        return marker in last and before == last

    await until(pilot, stands)
    return last


async def taken_and_seen() -> tuple[Recording, dict[str, str]]:
    async with settled() as session:
        app = MeshApp(session)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: "worker" in session.state.usage.value and runs_well(session, "worker"))
            session._mesh.runtime.die("worker-1", 137, oom=True)  # type: ignore[attr-defined]
            await until(pilot, lambda: at_rest(session))
            session._mesh.clock.at_rest = True  # type: ignore[attr-defined]
            recording = await session.record()
            return recording, await walked(app, pilot)


async def test_a_recording_shows_every_screen_as_the_mesh_did() -> None:
    recording, live = await taken_and_seen()
    document = json.dumps(recording_to_data(recording))
    app = MeshApp(bootstrap.open_recording(recording_from_data(json.loads(document))))
    async with app.run_test(size=SIZE) as pilot:
        recorded = await walked(app, pilot)
    for name, text in live.items():
        assert recorded[name] == text, name


@pytest.mark.parametrize(("key", "verb"), [("S", "stopped"), ("R", "restarted"), ("N", "scaled"), ("M", "resumed")])
async def test_nothing_in_it_acts_and_it_says_why(key: str, verb: str) -> None:
    async with settled() as live:
        engine: FakeEngine = live._mesh.runtime  # type: ignore[assignment]
        async with live.following():
            recording = await live.record()
        paused = Finding("users", FindingKind.PAUSED, mend=Mend(MendKind.UNPAUSE, "users"))
        services = (await live.survey(("users",))).services
        app = MeshApp(bootstrap.open_recording(replace(recording, services=services, findings=(paused,))))
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press(key)
            await until(pilot, lambda: bool(app.notices.told))
            (notice,) = app.notices.told
            assert notice.text == f"this is a recording of shop: nothing in it can be {verb}"
        assert engine.get("users-1").state is ContainerState.RUNNING
