"""Up, as a person runs it: the first time, again, after an interruption and when something is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.plan.request import container_request
from meshctl.engine.up import UpOptions, plan_up, up
from meshctl.errors import DeadlineExceeded, PortInUse, ServiceFailed, UsageError
from meshctl.model.config import (
    AppProtocol,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    PortSpec,
    RestartPolicy,
)
from meshctl.model.plan import UpReport
from meshctl.model.progress import Phase
from meshctl.model.registry import CheckStatus
from tests.builders import application, job, mesh_config, spec
from tests.fakes.containers import Behaviour, Death
from tests.fakes.stage import Stage, stage


def shop() -> MeshConfig:
    return mesh_config(spec("consul"), spec("db"), application("users", "consul", "db"), application("orders", "users"))


async def run(on: Stage, **options: Any) -> UpReport:
    return await up(on.mesh, UpOptions(**options), on.sink)


def with_changed(config: MeshConfig, service: str, **changes: Any) -> MeshConfig:
    changed = replace(config.services[service], **changes)
    return replace(config, services={**config.services, service: changed})


async def test_it_returns_when_all_is_ready_and_tells_what_took_the_time() -> None:
    on = stage(shop(), db=Behaviour(ready_after_s=3.0), users=Behaviour(ready_after_s=1.0, registers_after_s=1.5))
    report = await run(on)
    assert report.ready and report.changed and not report.timed_out
    assert set(on.engine.states().values()) == {"running"}
    assert 4000 <= report.elapsed_ms < 5500
    waits = [step.target for step in report.critical_path if step.operation == "wait ready"]
    assert waits[:2] == ["db-1", "users-1"]
    assert "users-1" in on.sink.done("wait registered")


async def test_again_there_is_nothing_to_do_and_it_costs_one_look() -> None:
    on = stage(shop())
    on.seed_all()
    report = await run(on)
    assert report.ready and not report.changed
    assert report.elapsed_ms == 0
    assert on.engine.count() == {"observe": 1}
    assert sorted(on.prober.probed) == ["consul-1", "db-1", "orders-1", "users-1"]
    assert on.registry.reads == 1


async def test_the_look_of_all_waits_is_shared() -> None:
    config = mesh_config(*(spec(f"s{number}") for number in range(20)))
    on = stage(config, **{name: Behaviour(ready_after_s=10.0) for name in config.services})
    await run(on)
    assert on.engine.count()["observe"] < 120


async def test_a_second_up_finishes_what_an_interrupted_one_left() -> None:
    on = stage(shop(), db=Behaviour(ready_after_s=5.0))
    first = asyncio.create_task(run(on))
    await on.clock.sleep(2.0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert on.engine.states()["users-1"] == "created"
    assert on.engine.states()["db-1"] == "running"
    created = on.engine.count()["create"]
    report = await run(on)
    assert report.ready
    assert set(on.engine.states().values()) == {"running"}
    assert on.engine.count()["create"] == created


async def test_interrupted_anywhere_the_next_one_finishes() -> None:
    """However far the first run came, by number of events told."""
    for events in range(1, 40, 3):
        on = stage(shop(), db=Behaviour(ready_after_s=1.0))
        first = asyncio.create_task(run(on))
        on.sink.react = lambda _, on=on, first=first, events=events: (
            first.cancel() if len(on.sink.events) == events else None
        )
        await asyncio.gather(first, return_exceptions=True)
        on.sink.react = None
        assert (await run(on)).ready, f"interrupted after {events} events"
        assert set(on.engine.states().values()) == {"running"}


# -- what goes wrong


async def test_a_crash_on_start_fails_at_once_with_its_last_lines() -> None:
    lines = tuple(f"line {number}" for number in range(30))
    on = stage(shop(), db=Behaviour(ready_after_s=None, deaths=(Death(0.4, 3),), lines=lines))
    report = await run(on)
    assert not report.ready and not report.timed_out
    (failure,) = report.failures
    assert (failure.service, failure.instance, failure.exit_code) == ("db", "db-1", 3)
    assert failure.message == "db-1 exited 3"
    assert failure.log == lines[-20:]
    assert failure.hint == "meshctl logs db"
    assert isinstance(report.error, ServiceFailed)
    assert report.elapsed_ms < 1000
    assert report.skipped == ("users-1", "orders-1")
    assert "consul-1" in on.sink.done("wait ready")


async def test_a_crash_loop_fails_after_three_deaths_although_the_policy_goes_on() -> None:
    config = with_changed(shop(), "db", restart=RestartPolicy.ALWAYS)
    on = stage(config, db=Behaviour(ready_after_s=None, deaths=(Death(0.2, 7),), always=True))
    report = await run(on)
    assert report.failures[0].message == "db-1 is in a crash loop: it died 3 times (exited 7)"
    assert report.failures[0].exit_code == 7
    assert report.elapsed_ms < 3000
    await on.mesh.close()


async def test_one_death_on_the_way_is_forgiven() -> None:
    config = with_changed(shop(), "db", restart=RestartPolicy.UNLESS_STOPPED)
    on = stage(config, db=Behaviour(ready_after_s=1.0, deaths=(Death(0.3, 1), Death(0.3, 1))))
    assert (await run(on)).ready
    assert on.engine.get("db-1").restarts == 2


async def test_a_loop_that_was_there_before_fails_too() -> None:
    config = with_changed(shop(), "db", restart=RestartPolicy.ALWAYS)
    on = stage(config, db=Behaviour(ready_after_s=None, deaths=(Death(0.1, 7),), always=True))
    on.seed_all()
    await on.clock.sleep(60.0)
    report = await run(on)
    assert report.failures[0].instance == "db-1"
    assert "exited 7" in report.failures[0].message
    assert report.elapsed_ms < 1000
    await on.mesh.close()


async def test_deaths_of_long_ago_do_not_make_one_of_now_a_loop() -> None:
    on = stage(with_changed(shop(), "db", restart=RestartPolicy.ALWAYS), db=Behaviour(ready_after_s=1.0))
    config = on.mesh.config
    on.engine.seed(container_request(config, config.services["db"], 1), restarts=5)
    await on.clock.sleep(1000.0)
    on.engine.die("db-1", 1)
    assert (await run(on)).ready
    assert on.engine.get("db-1").restarts == 6
    await on.mesh.close()


async def test_out_of_memory_is_named() -> None:
    on = stage(shop(), db=Behaviour(ready_after_s=None, deaths=(Death(0.2, 137, oom=True),)))
    (failure,) = (await run(on)).failures
    assert failure.oom_killed and failure.exit_code == 137
    assert failure.message == "db-1 exited 137, out of memory"
    assert "mem_limit" in failure.hint


async def test_a_taken_port_is_named_with_its_service() -> None:
    port = PortSpec("http", 8000, published=8080, app_protocol=AppProtocol.HTTP)
    on = stage(with_changed(shop(), "db", ports=(port,)))
    on.engine.taken_ports[8080] = "nginx"
    report = await run(on)
    (failure,) = report.failures
    assert (failure.service, failure.kind) == ("db", "port in use")
    assert "8080" in failure.message and "nginx" in failure.message
    assert isinstance(report.error, PortInUse)


async def test_out_of_time_says_what_it_waited_for() -> None:
    on = stage(shop(), db=Behaviour(ready_after_s=None, detail="connection refused", lines=("starting",)))
    report = await run(on, timeout_s=20.0)
    assert report.timed_out and not report.ready
    assert isinstance(report.error, DeadlineExceeded)
    assert [f.message for f in report.failures] == ["db-1 is not ready: connection refused; its last line: starting"]
    assert report.failures[0].kind == "timed out"
    assert 20_000 <= report.elapsed_ms < 20_300


async def test_what_is_waited_for_is_told_when_it_changes() -> None:
    on = stage(shop(), db=Behaviour(ready_after_s=1.0))
    await run(on)
    told = [e.message for e in on.sink.events if e.target == "db-1" and e.phase is Phase.PROGRESS]
    assert told == ["connection refused"]


async def test_an_instance_that_never_registers_is_not_ready_but_holds_nobody_up() -> None:
    on = stage(shop(), users=Behaviour(registers_after_s=None))
    report = await run(on, timeout_s=10.0)
    assert report.timed_out
    assert [f.message for f in report.failures] == [
        "users-1 answers, but consul does not list it as passing (not registered)"
    ]
    assert "orders-1" in on.sink.done("wait ready")


async def test_a_critical_check_is_quoted() -> None:
    on = stage(shop(), users=Behaviour(check=CheckStatus.CRITICAL, check_output="HTTP 503"))
    report = await run(on, timeout_s=10.0)
    assert "(critical: HTTP 503)" in report.failures[0].message


async def test_a_registry_that_does_not_answer_is_what_is_reported() -> None:
    on = stage(shop())
    await on.registry.stop()
    report = await run(on, timeout_s=5.0)
    assert {f.instance for f in report.failures} == {"users-1", "orders-1"}
    assert "the registry does not answer" in report.failures[0].message


async def test_a_service_without_a_check_must_live_a_moment() -> None:
    config = mesh_config(spec("db", healthcheck=HealthCheck()))
    report = await run(stage(config, db=Behaviour(deaths=(Death(0.2, 1),))))
    assert report.failures[0].message == "db-1 exited 1"
    assert (await run(stage(config))).ready


async def test_a_container_that_is_removed_meanwhile_fails_its_wait() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=None))
    running = asyncio.create_task(run(on))
    await on.clock.sleep(2.0)
    await on.engine.instances.remove(on.engine.get("db-1").id)
    report = await running
    assert report.failures[0].message == "db-1 was removed while it was waited for"
    assert report.failures[0].service == "db"


# -- jobs


async def test_a_job_that_ends_well_releases_its_dependents_and_is_not_run_again() -> None:
    config = mesh_config(job("seed"), spec("web", DependsOn("seed", Condition.COMPLETED)))
    on = stage(config, seed=Behaviour(deaths=(Death(2.0, 0),)))
    assert (await run(on)).ready
    assert on.engine.states() == {"seed-1": "exited", "web-1": "running"}
    report = await run(on)
    assert report.ready and not report.changed


async def test_a_job_that_fails_holds_its_dependents_back() -> None:
    config = mesh_config(job("seed"), spec("web", DependsOn("seed", Condition.COMPLETED)))
    on = stage(config, seed=Behaviour(deaths=(Death(1.0, 2),), lines=("no such table",)))
    report = await run(on)
    assert report.failures[0].message == "seed-1 exited 2"
    assert report.failures[0].log == ("no such table",)
    assert on.engine.states()["web-1"] == "created"


async def test_a_job_that_does_not_end_is_out_of_time() -> None:
    on = stage(mesh_config(job("seed")))
    report = await run(on, timeout_s=5.0)
    assert report.failures[0].message == "seed-1 has not ended: it still runs"


# -- changes


async def test_a_changed_service_alone_is_recreated() -> None:
    on = stage(shop())
    on.seed_all()
    before = {c.instance_id: c.id for c in on.engine.containers()}
    on.mesh.config = with_changed(on.mesh.config, "users", environment={"A": "1"})
    report = await run(on)
    after = {c.instance_id: c.id for c in on.engine.containers()}
    assert report.ready and report.changed
    assert {name for name in after if after[name] != before[name]} == {"users-1"}
    assert report.notes == (
        "orders is kept: it needs users, which is recreated (configuration changed: environment.A)",
    )


async def test_orphans_are_told_and_removed_when_asked() -> None:
    on = stage(shop())
    on.seed_all()
    on.mesh.config = mesh_config(*(s for s in on.mesh.config.services.values() if s.name != "orders"))
    told = await run(on)
    assert told.ready and not told.changed and "orders (1 container)" in told.notes[0]
    assert on.engine.states()["orders-1"] == "running"
    removed = await run(on, remove_orphans=True)
    assert removed.ready and removed.notes == ()
    assert "orders-1" not in on.engine.states()


async def test_paused_and_stopped_instances_run_again() -> None:
    on = stage(shop())
    on.seed_all()
    on.engine.pause("db-1")
    await on.engine.instances.stop(on.engine.get("users-1").id, 1.0)
    assert (await run(on)).ready
    assert set(on.engine.states().values()) == {"running"}


async def test_scale_makes_and_removes_instances() -> None:
    on = stage(shop())
    on.seed_all()
    assert (await run(on, scale={"users": 3})).ready
    assert sorted(n for n in on.engine.states() if n.startswith("users")) == ["users-1", "users-2", "users-3"]
    assert not (await run(on)).changed
    assert (await run(on, scale={"users": 1})).ready
    assert [n for n in on.engine.states() if n.startswith("users")] == ["users-1"]


async def test_build_makes_images_first_and_recreates_what_came_out_different() -> None:
    on = stage(shop())
    on.seed_all()
    report = await run(on, build=True)
    assert report.ready and report.changed
    assert on.sink.done("build") == ["shop-users:latest", "shop-orders:latest"]
    assert on.sink.done("remove") == ["users-1", "orders-1"] or on.sink.done("remove") == ["orders-1", "users-1"]
    assert report.critical_path[0].operation == "build"


async def test_a_build_that_fails_changes_nothing() -> None:
    on = stage(shop())
    on.seed_all()
    on.engine.unbuildable = {"shop-users:latest"}
    report = await run(on, build=True)
    assert not report.ready
    assert on.sink.done("stop") == []


# -- planning only


async def test_a_dry_run_changes_nothing() -> None:
    on = stage(shop())
    plan = await plan_up(on.mesh, UpOptions(build=True))
    assert on.engine.count() == {"observe": 1}
    ids = [operation.id for operation in plan.operations]
    assert len(ids) == len(set(ids))
    assert ids[:2] == ["image:shop-users:latest", "image:shop-orders:latest"]
    assert plan.notes == ("a service whose image comes out different is recreated",)


async def test_an_unknown_service_is_refused_before_anything_is_asked() -> None:
    on = stage(shop())
    with pytest.raises(UsageError):
        await run(on, services=("user",))
    assert on.engine.calls == []


async def test_instances_of_other_projects_are_left_alone() -> None:
    on = stage(shop())
    request = container_request(replace(on.mesh.config, name="other"), on.mesh.config.services["db"], 1)
    on.engine.seed(request)
    await run(on)
    assert len([c for c in on.engine.containers() if c.service == "db"]) == 2
