"""One look at everything: what is asked side by side, and what a silent side means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from meshctl.adapters.host import SystemClock
from meshctl.engine.mesh import Mesh
from meshctl.engine.survey import take_survey
from meshctl.errors import RegistryUnavailable, RuntimeUnavailable, UsageError
from meshctl.model.config import (
    CheckKind,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    MeshSpec,
    ServiceSpec,
)
from meshctl.model.containers import Container, ContainerState, LogLine, Observed, RuntimeEvent
from meshctl.model.journal import Deed
from meshctl.model.registry import CheckStatus, Registration
from meshctl.model.status import Health, ProbeProblem, ProbeResult, ServiceStatus
from meshctl.present.reasons import reasons_text
from tests.builders import mesh_config, registration, spec
from tests.fakes.containers import Behaviour
from tests.fakes.journal import FakeJournal
from tests.fakes.stage import Stage, stage
from tests.fakes.turns import FakeTurns

CHECK = HealthCheck(CheckKind.HTTP, port="http", timeout_s=30)
LONG_AGO = 1.0


def config(*services: ServiceSpec, registry: str = "consul") -> MeshConfig:
    return MeshConfig("shop", "meshctl.yaml", {spec.name: spec for spec in services}, registry=registry)


CONSUL = ServiceSpec("consul", healthcheck=CHECK)
ORDERS = ServiceSpec("orders", healthcheck=CHECK, mesh=MeshSpec(register="orders"))
LOADGEN = ServiceSpec("loadgen", profiles=("load",))


def container(service: str, state: ContainerState = ContainerState.RUNNING, number: int = 1) -> Container:
    return Container(
        f"{service}{number}",
        f"shop-{service}-{number}",
        service,
        number,
        state,
        started_at=LONG_AGO,
        ports={"http": f"{service}:{number}"},
        protocols={"http": "http"},
    )


def words(status: ServiceStatus) -> str:
    """Its reasons as they are shown."""
    return reasons_text(status.reasons)


class World:
    """Containers, their probes' answers, and a registry; everything that was asked is noted."""

    def __init__(self, *containers: Container) -> None:
        self.containers = containers
        self.registered: Callable[[], Sequence[Registration]] = lambda: [registration("orders-1")]
        self.answers: dict[str, ProbeResult] = {}
        self.timeouts: list[float] = []
        self.connected: list[str] = []
        self.closed = 0
        self.volumes = None

    def mesh(self, config: MeshConfig) -> Mesh:
        def connect(address: str) -> Any:
            self.connected.append(address)
            return self

        world: Any = self
        clock = SystemClock()
        return Mesh(config, world, connect, world, clock, world, FakeJournal(clock), FakeTurns(clock))

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        return Observed(project, self.containers)

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        self.timeouts.append(check.timeout_s)
        return self.answers.get(container.instance_id, ProbeResult(True))

    async def registrations(self) -> tuple[Registration, ...]:
        return tuple(self.registered())

    async def past_events(self, project: str) -> Sequence[RuntimeEvent]:
        return ()

    async def last_lines(self, containers: Sequence[Container], most: int) -> Sequence[LogLine]:
        return ()

    async def close(self) -> None:
        self.closed += 1


async def look(world: World, *specs: ServiceSpec, **options: Any) -> dict[str, ServiceStatus]:
    survey = await take_survey(world.mesh(config(*specs)), **options)
    return {status.service: status for status in survey.services}


async def test_everything_well() -> None:
    world = World(container("consul"), container("orders"))
    seen = await look(world, CONSUL, ORDERS)
    assert [(s.service, s.health, s.ready, s.desired) for s in seen.values()] == [
        ("consul", Health.HEALTHY, 1, 1),
        ("orders", Health.HEALTHY, 1, 1),
    ]
    assert seen["orders"].instances[0].registry is CheckStatus.PASSING
    assert (world.connected, world.closed) == (["consul:1"], 1)


async def test_a_disagreement_is_told() -> None:
    world = World(container("consul"), container("orders"))
    world.answers["orders-1"] = ProbeResult(False, "connection refused")
    seen = await look(world, CONSUL, ORDERS)
    assert seen["orders"].health is Health.UNHEALTHY
    assert words(seen["orders"]) == "consul passes, own probe fails: connection refused"


async def test_probes_are_not_waited_for_as_long_as_the_file_allows() -> None:
    world = World(container("consul"))
    await look(world, CONSUL)
    assert world.timeouts == [2.0]


async def test_who_needs_what_is_down_is_asked_once_and_not_waited_for_as_long() -> None:
    needs = ServiceSpec("web", healthcheck=CHECK, depends_on=(DependsOn("orders"),))
    world = World(container("orders", ContainerState.PAUSED), container("web"), container("consul"))
    world.answers["web-1"] = ProbeResult(False, "503")
    await look(world, ORDERS, needs, CONSUL)
    assert sorted(world.timeouts) == [1.0, 2.0]
    world.containers, world.timeouts = (container("orders"), *world.containers[1:]), []
    await look(world, ORDERS, needs, CONSUL)
    assert sorted(world.timeouts) == [2.0, 2.0, 2.0, 2.0], "a failure that nothing explains is asked for twice"


async def test_what_took_all_the_time_is_not_waited_for_as_long_again() -> None:
    world = World(container("orders"), container("consul"))
    world.answers["orders-1"] = ProbeResult(False, "no answer within 2 s", 2.0)
    await look(world, ORDERS, CONSUL)
    assert sorted(world.timeouts) == [0.5, 2.0, 2.0]


async def test_without_probes_the_registry_alone_speaks() -> None:
    world = World(container("consul"), container("orders"))
    seen = await look(world, CONSUL, ORDERS, probe=False)
    assert world.timeouts == []
    assert seen["orders"].health is Health.HEALTHY
    assert seen["consul"].health is Health.UNKNOWN


async def test_a_registry_that_does_not_answer_is_a_reason() -> None:
    def fail() -> Sequence[Registration]:
        raise RegistryUnavailable("consul does not answer at consul:1: connection refused")

    world = World(container("consul"), container("orders"))
    world.registered = fail
    seen = await look(world, CONSUL, ORDERS)
    assert seen["orders"].health is Health.DEGRADED
    assert words(seen["orders"]) == "consul cannot be asked: consul does not answer at consul:1: connection refused"
    assert seen["orders"].instances[0].registry is None
    assert world.closed == 1


async def test_a_registry_that_is_stopped_is_a_reason() -> None:
    world = World(container("consul", ContainerState.EXITED), container("orders"))
    seen = await look(world, CONSUL, ORDERS)
    assert words(seen["orders"]) == "consul is stopped"
    seen = await look(World(container("consul", ContainerState.PAUSED), container("orders")), CONSUL, ORDERS)
    assert words(seen["orders"]) == "consul is paused"
    assert world.connected == []


async def test_services_without_containers_show_unless_a_profile_holds_them_back() -> None:
    seen = await look(World(), CONSUL, LOADGEN)
    assert [(s.service, s.state, s.health) for s in seen.values()] == [("consul", "not created", Health.STOPPED)]
    assert "loadgen" in await look(World(container("loadgen")), CONSUL, LOADGEN)
    assert "loadgen" in await look(World(), CONSUL, LOADGEN, services=("loadgen",))


async def test_containers_whose_service_left_the_file_show() -> None:
    seen = await look(World(container("old")), CONSUL)
    assert seen["old"].state == "running"


async def test_what_has_not_started_says_for_whom_it_waits() -> None:
    waiting = ServiceSpec("web", depends_on=(DependsOn("consul", Condition.HEALTHY),))
    world = World(container("consul"))
    world.answers["consul-1"] = ProbeResult(False, "no leader")
    world.containers = (
        Container("c", "shop-consul-1", "consul", 1, ContainerState.RUNNING, started_at=SystemClock().now()),
    )
    seen = await look(world, CONSUL, waiting)
    assert seen["web"].health is Health.WAITING
    assert words(seen["web"]) == "waits for consul, which is starting"


async def test_more_instances_than_the_file_says_are_desired_too() -> None:
    world = World(container("consul"), container("orders"), container("orders", number=2))
    seen = await look(world, CONSUL, ORDERS)
    assert (seen["orders"].ready, seen["orders"].desired) == (1, 2)
    assert words(seen["orders"]) == "orders-2: not registered in consul"


async def test_services_can_be_picked_by_name() -> None:
    world = World(container("consul"), container("orders"))
    assert list(await look(world, CONSUL, ORDERS, services=("orders",))) == ["orders"]
    with pytest.raises(UsageError, match="no service 'order' in") as caught:
        await look(world, CONSUL, ORDERS, services=("order",))
    assert caught.value.hint == "Did you mean orders?"


async def test_an_engine_that_is_gone_is_an_error() -> None:
    class Gone(World):
        async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
            raise RuntimeUnavailable("no container engine answers")

    with pytest.raises(RuntimeUnavailable):
        await look(Gone(), CONSUL)


# -- a failed check is asked once more


def alone(**behaviour: Any) -> Stage:
    """One service that runs since ten minutes."""
    on = stage(mesh_config(spec("db")), db=Behaviour(**behaviour))
    on.seed_all()
    on.clock.advance(600.0)
    return on


def answering(on: Stage, *answers: ProbeResult, after_s: float = 0.0) -> None:
    """One answer after the other, each after a while."""
    left = list(answers)

    async def probe(spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        on.prober.probed.append(container.instance_id)
        await on.clock.sleep(min(after_s, check.timeout_s))
        return left.pop(0) if after_s <= check.timeout_s else ProbeResult(False, "no answer", cut=True)

    on.prober.probe = probe  # type: ignore[method-assign]


async def seen_alone(on: Stage) -> ServiceStatus:
    (status,) = (await take_survey(on.mesh)).services
    return status


async def test_a_check_that_failed_once_and_then_passes_is_degraded() -> None:
    on = alone()
    answering(on, ProbeResult(False, "timeout"), ProbeResult(True))
    status = await seen_alone(on)
    assert (status.health, words(status)) == (Health.DEGRADED, "own probe failed once: timeout")
    assert on.clock.monotonic() == pytest.approx(600.2)


@pytest.mark.parametrize(
    ("deed", "health"), [(None, Health.FAILED), (Deed.READY, Health.UNHEALTHY), (Deed.FAILED, Health.FAILED)]
)
async def test_one_that_fails_twice_was_well_before_if_the_journal_knows(deed: Deed | None, health: Health) -> None:
    on = alone(ready_after_s=None)
    if deed is not None:
        on.mesh.journal.note(deed, "db", "db-1", on.engine.get("db-1").id)
    status = await seen_alone(on)
    assert (status.health, words(status)) == (health, "own probe fails: connection refused")
    assert on.prober.probed == ["db-1", "db-1"]


async def test_what_the_journal_tells_of_an_earlier_run_does_not_count() -> None:
    on = alone(ready_after_s=None)
    on.mesh.journal.note(Deed.READY, "db", "db-1", on.engine.get("db-1").id)
    await on.engine.instances.stop(on.engine.get("db-1").id, 1.0)
    on.clock.advance(1.0)
    await on.engine.instances.start(on.engine.get("db-1").id)
    on.clock.advance(600.0)
    assert (await seen_alone(on)).health is Health.FAILED


async def test_one_that_still_starts_is_not_asked_twice() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=None))
    on.seed_all()
    assert (await seen_alone(on)).health is Health.STARTING
    assert on.prober.probed == ["db-1"]


async def test_a_check_that_may_take_longer_than_a_survey_has_not_failed() -> None:
    on = alone()
    answering(on, ProbeResult(True), after_s=4.0)
    status = await seen_alone(on)
    assert status.health is Health.UNKNOWN
    assert words(status) == "still not answered after 2 s (its timeout is 30 s)"
    assert on.prober.probed == ["db-1"]


async def test_what_an_earlier_look_left_inside_may_still_answer() -> None:
    on = alone()
    answering(on, ProbeResult(False, "an earlier `check` still runs inside", problem=ProbeProblem.LEFT))
    assert (await seen_alone(on)).health is Health.UNKNOWN


async def test_where_all_is_well_the_journal_is_not_read() -> None:
    class Unread(FakeJournal):
        def read(self) -> Sequence[Any]:
            raise AssertionError("it takes time")

    on = alone()
    on.mesh.journal = Unread(on.clock)
    assert (await seen_alone(on)).health is Health.HEALTHY


# -- who waits for whom


async def test_those_that_wait_for_each_other_name_the_one_that_holds_them_all_up() -> None:
    config = mesh_config(spec("db"), spec("users", "db"), spec("orders", "users"))
    on = stage(config, db=Behaviour(ready_after_s=None))
    on.seed_all()
    for service in ("users", "orders"):
        on.engine.machines[on.engine.get(f"{service}-1").id].container = replace(
            on.engine.get(f"{service}-1"), state=ContainerState.CREATED, started_at=None
        )
    seen = {status.service: status for status in (await take_survey(on.mesh)).services}
    assert [status.health for status in seen.values()] == [Health.STARTING, Health.WAITING, Health.WAITING]
    assert {words(seen[name]) for name in ("users", "orders")} == {"waits for db, which is starting"}
    on.clock.advance(600.0)
    seen = {status.service: status for status in (await take_survey(on.mesh)).services}
    assert {words(seen[name]) for name in ("users", "orders")} == {"waits for db, which failed to start"}
