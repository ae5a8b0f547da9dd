"""The watcher over a world in memory: what it sees, how fast, and what it does when a side is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from meshctl.core.plan.request import container_request
from meshctl.engine.mesh import Mesh
from meshctl.engine.state.mesh_state import MeshState
from meshctl.engine.watch import probes
from meshctl.engine.watch.watcher import Watcher
from meshctl.model.config import MeshConfig, RestartPolicy, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.journal import Deed
from meshctl.model.registry import CheckStatus
from meshctl.model.status import Health, ProbeResult, ServiceStatus
from meshctl.present.events import event_text
from meshctl.present.reasons import reasons_text
from tests.builders import application, mesh_config, registration, spec
from tests.fakes.collectors import FakeCollector
from tests.fakes.containers import FakeEngine
from tests.fakes.journal import FakeJournal
from tests.fakes.machine import Behaviour
from tests.fakes.sessions import Shown, shown_of, shown_when
from tests.fakes.turns import FakeTurns
from tests.fakes.world import FakeClock, FakeProber, FakeRegistry

State = Callable[[Shown], bool]


@dataclass
class World:
    """A project that runs, and all its knobs."""

    config: MeshConfig
    clock: FakeClock
    engine: FakeEngine
    registry: FakeRegistry
    prober: FakeProber
    collector: FakeCollector = field(default_factory=FakeCollector)

    def __post_init__(self) -> None:
        self.state = MeshState(self.clock)
        self.journal = FakeJournal(self.clock)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        mesh = Mesh(
            self.config,
            self.engine,
            self.registry.connect,
            self.prober,
            self.clock,
            self.collector,
            self.journal,
            FakeTurns(self.clock),
        )
        async with Watcher(mesh, self.state):
            yield
        await self.engine.close()

    async def until(self, holds: State) -> Shown:
        """The first state that fits; within two minutes of the world's time."""
        return await shown_when(self.state, holds, self.clock)

    def run(self, service: str, instance: int = 1) -> Container:
        request = container_request(self.config, self.config.services[service], instance)
        return self.engine.seed(request)

    def status(self, service: str) -> ServiceStatus:
        return status(shown_of(self.state), service)


def status(state: Shown, service: str) -> ServiceStatus:
    return next(one for one in state.services if one.service == service)


def is_(service: str, *healths: Health) -> State:
    return lambda state: bool(state.services) and status(state, service).health in healths


def texts(state: Shown) -> list[str]:
    return [event_text(event) for event in state.events]


def reasons(state: Shown, service: str) -> str:
    return reasons_text(status(state, service).reasons)


@pytest.fixture
def world() -> World:
    config = mesh_config(
        application("orders", restart=RestartPolicy.UNLESS_STOPPED),
        application("users"),
        spec("consul"),
    )
    clock = FakeClock()
    engine = FakeEngine(clock)
    registry = FakeRegistry(engine)
    made = World(config, clock, engine, registry, FakeProber(engine))
    for service in config.services:
        made.run(service)
    return made


async def test_a_running_mesh_is_seen_healthy(world: World) -> None:
    """Containers, probes, registry and resources come together."""
    async with world.watched():
        state = await world.until(
            lambda s: bool(s.services) and all(x.health is Health.HEALTHY for x in s.services) and len(s.usage) == 3
        )
    assert [(link.name, link.up) for link in state.links] == [("fake", True), ("consul", True)]
    assert state.links[1].detail == "2 passing"
    assert status(state, "orders").instances[0].registry is CheckStatus.PASSING


async def test_before_the_first_list_nothing_is_claimed(world: World) -> None:
    async with world.watched():
        assert world.state.services.value.services == ()


async def test_a_death_is_seen_at_once(world: World) -> None:
    """Within 300 ms of the world's time, by the event alone."""
    async with world.watched():
        await world.until(is_("users", Health.HEALTHY))
        began = world.clock.monotonic()
        world.engine.die("users-1", 1)
        state = await world.until(is_("users", Health.UNHEALTHY))
        assert world.clock.monotonic() - began < 0.3
        assert reasons(state, "users") == "exited 1"
        assert "exited 1" in texts(state)


async def test_a_restart_is_told_with_its_cause(world: World) -> None:
    async with world.watched():
        await world.until(is_("orders", Health.HEALTHY))
        world.engine.die("orders-1", 137, oom=True)
        state = await world.until(lambda s: any(text.startswith("restarted: exited 137") for text in texts(s)))
        assert "restarted: exited 137, out of memory" in texts(state)
        state = await world.until(lambda s: any(text.startswith("healthy after") for text in texts(s)))


async def test_a_crash_loop_is_named_and_forgiven(world: World) -> None:
    """Three deaths within a minute; a quiet minute later it is healthy again."""
    async with world.watched():
        await world.until(is_("orders", Health.HEALTHY))
        for _ in range(3):
            await world.until(lambda s: world.engine.states()["orders-1"] == "running")
            world.engine.die("orders-1", 1)
            await world.until(lambda s: status(s, "orders").instances[0].state != "running")
        await world.until(is_("orders", Health.CRASH_LOOP))
        await world.until(is_("orders", Health.HEALTHY))


async def test_a_lost_engine_keeps_what_was_known(world: World) -> None:
    """The link says since when; what is back is seen without being told."""
    async with world.watched():
        before = await world.until(is_("users", Health.HEALTHY))
        world.engine.go_away()
        lost = await world.until(lambda s: not s.links[0].up)
        assert lost.links[0].detail == "the event stream ended" or lost.links[0].hint == "Start it."
        assert [x.service for x in lost.services] == [x.service for x in before.services]
        world.engine.up = True
        world.engine.die("users-1", 1)
        back = await world.until(lambda s: s.links[0].up and is_("users", Health.UNHEALTHY)(s))
        assert back.observed_at is not None and lost.observed_at is not None
        assert back.observed_at > lost.observed_at


async def test_it_starts_without_an_engine(world: World) -> None:
    """No engine at all: the state says why and what to do, and heals by itself."""
    world.engine.up = False
    async with world.watched():
        state = await world.until(lambda s: bool(s.links) and s.links[0].hint == "Start it.")
        assert (state.services, state.observed_at) == ((), None)
        world.engine.up = True
        await world.until(is_("users", Health.HEALTHY))


async def test_a_lost_registry_is_a_reason(world: World) -> None:
    """Services that register are not called healthy by one side alone."""
    async with world.watched():
        await world.until(is_("users", Health.HEALTHY))
        world.engine.die("consul-1", 1)
        await world.registry.stop()
        state = await world.until(lambda s: len(s.links) > 1 and not s.links[1].up and is_("users", Health.DEGRADED)(s))
        assert reasons(state, "users") == "consul has ended"
        world.registry.up = True
        await world.engine.instances.start(world.engine.get("consul-1").id)
        await world.until(is_("users", Health.HEALTHY))


async def test_disagreement_names_both_sides(world: World) -> None:
    """The own probe passes, the registry's check does not."""
    world.engine.behaviours["users"] = Behaviour(check=CheckStatus.CRITICAL, check_output="port 8001 refused")
    async with world.watched():
        await world.until(lambda s: is_("users", Health.DEGRADED, Health.STARTING)(s) and s.links[-1].up)
        await world.until(lambda s: "consul critical" in reasons(s, "users"))


def answers(world: World) -> list[bool]:
    """What is in it is answered in turn by every probe; otherwise it passes."""
    left: list[bool] = []

    async def probe(*args: object) -> ProbeResult:
        await asyncio.sleep(0)
        return ProbeResult(left.pop(0) if left else True, "refused")

    world.prober.probe = probe  # type: ignore[method-assign]
    return left


async def test_fewer_failures_than_decide_are_degraded(world: World) -> None:
    """It takes as many failures in a row as the check's ``retries``."""
    world.config = mesh_config(spec("users"))
    left = answers(world)
    async with world.watched():
        await world.until(is_("users", Health.HEALTHY))
        left += [False, False]
        await world.until(lambda s: reasons(s, "users") == "own probe failed once: refused")
        await world.until(lambda s: reasons(s, "users") == "own probe failed 2 times: refused")
        assert world.status("users").health is Health.DEGRADED
        await world.until(is_("users", Health.HEALTHY, Health.UNHEALTHY))
        assert world.status("users").health is Health.HEALTHY
        left += [False] * 3
        await world.until(is_("users", Health.UNHEALTHY))


async def test_what_never_gets_ready_is_starting_until_its_time_is_over(world: World) -> None:
    """Its own time: a start period of 20 s and three failures, a second apart."""
    check = replace(spec("users").healthcheck, interval_s=1.0, start_period_s=20.0)
    world.config = mesh_config(spec("users", healthcheck=check))
    world.engine.behaviours["users"] = Behaviour(ready_after_s=None)
    async with world.watched():
        await world.until(is_("users", Health.STARTING))
        await world.until(is_("users", Health.FAILED, Health.UNHEALTHY))
        assert world.status("users").health is Health.FAILED
        assert 23.0 <= world.clock.monotonic() < 25.0


async def test_a_run_that_was_ready_is_noted_in_the_journal_and_the_next_one_too(world: World) -> None:
    async with world.watched():
        await world.until(is_("orders", Health.HEALTHY))
        world.engine.die("orders-1", 1)
        await world.until(lambda s: is_("orders", Health.HEALTHY)(s) and status(s, "orders").restarts == 1)
    noted = [entry.instance for entry in world.journal.read() if entry.deed is Deed.READY]
    assert sorted(noted) == ["consul-1", "orders-1", "orders-1", "users-1"]


async def test_a_probe_that_hangs_does_not_hold_the_others_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More that hang than may be asked at once: the rest has its turn all the same."""
    monkeypatch.setattr(probes, "HELD_S", 0.01)
    deaf = [spec(f"deaf{number}") for number in range(probes.CONCURRENT)]
    world.config = mesh_config(*deaf, spec("users"))
    for one in deaf:
        world.run(one.name)

    async def probe(spec: ServiceSpec, *args: object) -> ProbeResult:
        await (asyncio.Event().wait() if spec.name != "users" else asyncio.sleep(0))
        return ProbeResult(True)

    world.prober.probe = probe  # type: ignore[method-assign]
    async with world.watched():
        await world.until(is_("users", Health.HEALTHY))


async def test_a_probe_that_breaks_is_an_answer(world: World) -> None:
    """An error inside the prober ends nothing."""

    async def probe(*args: object) -> ProbeResult:
        await asyncio.sleep(0)
        raise RuntimeError("boom")

    world.prober.probe = probe  # type: ignore[method-assign]
    async with world.watched():
        await world.until(lambda s: bool(s.services) and "boom" in reasons(s, "consul"))


async def test_a_watcher_that_breaks_is_told_and_started_again(world: World) -> None:
    """Nothing dies silently."""
    observe, broken = world.engine.observe, [True]

    async def breaks_once(project: str, images: tuple[str, ...] = ()) -> object:
        if broken.pop() if broken else False:
            raise RuntimeError("boom")
        return await observe(project, images)

    world.engine.observe = breaks_once  # type: ignore[method-assign,assignment]
    async with world.watched():
        state = await world.until(is_("users", Health.HEALTHY))
    assert "watching containers failed, trying again: boom" in texts(state)


async def test_instances_that_come_and_go_are_followed(world: World) -> None:
    """A second instance is probed and counted; one that is removed leaves the figures."""
    async with world.watched():
        await world.until(lambda s: "users" in s.usage)
        request = container_request(world.config, world.config.services["users"], 2)
        await world.engine.instances.start(await world.engine.instances.create(request))
        await world.registry.register(registration("users-2"))
        state = await world.until(lambda s: status(s, "users").ready == 2)
        assert "scaled 1 → 2" in texts(state)
        for one in ("users-1", "users-2"):
            await world.engine.instances.remove(world.engine.get(one).id)
        await world.until(lambda s: not status(s, "users").instances and "users" not in s.usage)


async def test_a_service_waits_for_what_it_needs(world: World) -> None:
    """Created and not started: the row says for whom."""
    world.config = mesh_config(application("orders", "postgres"), spec("postgres"))
    world.engine = FakeEngine(world.clock)
    world.prober = FakeProber(world.engine)
    world.engine.behaviours["postgres"] = Behaviour(ready_after_s=8)
    world.run("postgres")
    world.engine.seed(container_request(world.config, world.config.services["orders"], 1), started=False)
    async with world.watched():
        state = await world.until(is_("orders", Health.WAITING))
        assert reasons(state, "orders") == "waits for postgres, which is starting"


async def test_a_profile_nobody_asked_for_is_not_shown(world: World) -> None:
    loadgen = replace(application("loadgen"), profiles=("load",))
    world.config = replace(world.config, services={**world.config.services, "loadgen": loadgen})
    async with world.watched():
        state = await world.until(is_("users", Health.HEALTHY))
    assert "loadgen" not in [x.service for x in state.services]


async def test_leaving_ends_every_task(world: World) -> None:
    before = asyncio.all_tasks()
    async with world.watched():
        await world.until(lambda s: len(s.usage) == 3)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
