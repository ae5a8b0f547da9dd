"""Start, stop, restart, pause, unpause and scale of what exists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.engine.up import UpOptions
from meshctl.errors import DeadlineExceeded, NotPossible, PortInUse, ServiceFailed, UsageError
from meshctl.model.config import PortSpec
from tests.builders import application, job, mesh_config, spec
from tests.fakes.containers import Behaviour, Death
from tests.fakes.stage import Stage, stage


def running(**behaviours: Behaviour) -> Stage:
    config = mesh_config(spec("consul"), spec("db"), application("users", "consul", "db", replicas=2))
    on = stage(config, **behaviours)
    on.seed_all()
    return on


async def test_stop_leaves_dependents_alone_and_start_waits_until_ready() -> None:
    on = running(db=Behaviour(ready_after_s=2.0))
    await on.lifecycle.stop(("db",), on.sink)
    assert on.engine.states() == {"consul-1": "running", "db-1": "exited", "users-1": "running", "users-2": "running"}
    before = on.clock.monotonic()
    await on.lifecycle.start(("db",), on.sink)
    assert on.engine.states()["db-1"] == "running"
    assert 2.0 <= on.clock.monotonic() - before < 2.3


async def test_stop_and_start_of_all() -> None:
    on = running()
    await on.lifecycle.stop((), on.sink)
    assert set(on.engine.states().values()) == {"exited"}
    assert set(on.sink.done("stop")[:2]) == {"users-1", "users-2"}
    await on.lifecycle.start((), on.sink)
    assert set(on.engine.states().values()) == {"running"}


async def test_start_of_what_runs_changes_nothing() -> None:
    on = running()
    await on.lifecycle.start(("users",), on.sink)
    assert on.engine.count() == {"observe": 1}


async def test_restart_never_takes_all_instances_of_a_service_at_once() -> None:
    on = running(users=Behaviour(ready_after_s=1.0))
    await on.clock.sleep(5.0)
    down_at_once: list[int] = []

    def look(_: object) -> None:
        down_at_once.append([s for n, s in on.engine.states().items() if n.startswith("users")].count("exited"))

    on.sink.react = look
    await on.lifecycle.restart(("users",), on.sink)
    assert max(down_at_once) == 1
    assert on.sink.done("wait ready") == ["users-1", "users-2"]
    assert on.sink.done("wait registered") == ["users-1", "users-2"]


async def test_restart_of_what_is_paused_or_stopped_runs_it() -> None:
    on = running()
    on.engine.pause("db-1")
    await on.engine.instances.stop(on.engine.get("users-1").id, 1.0)
    await on.lifecycle.restart(("db", "users"), on.sink)
    assert set(on.engine.states().values()) == {"running"}


async def test_restart_that_does_not_come_up_raises_with_the_evidence() -> None:
    on = running()
    on.engine.behaviours["users"] = Behaviour(ready_after_s=None, deaths=(Death(0.1, 1),) * 2, lines=("boom",))
    with pytest.raises(ServiceFailed, match="users-1 exited 1") as caught:
        await on.lifecycle.restart(("users",), on.sink)
    assert caught.value.exit_status == 1
    assert "boom" in caught.value.log
    assert on.engine.states()["users-2"] == "running"


async def test_pause_and_unpause() -> None:
    on = running()
    await on.lifecycle.pause(("db",), on.sink)
    await on.lifecycle.pause(("db",), on.sink)
    assert on.engine.states()["db-1"] == "paused"
    await on.lifecycle.unpause(("db",), on.sink)
    assert on.engine.states()["db-1"] == "running"


async def test_start_gives_up_after_its_time() -> None:
    on = running()
    await on.lifecycle.stop(("db",), on.sink)
    on.engine.behaviours["db"] = Behaviour(ready_after_s=None)
    with pytest.raises(DeadlineExceeded, match="db-1 is not ready"):
        await on.lifecycle.start(("db",), on.sink, timeout_s=3.0)


async def test_start_of_a_job_runs_it_to_its_end() -> None:
    on = stage(mesh_config(job("seed")), seed=Behaviour(deaths=(Death(1.0, 0),), always=True))
    on.seed_all()
    await on.clock.sleep(2.0)
    await on.lifecycle.start(("seed",), on.sink)
    assert on.sink.done() == ["seed-1", "seed-1"]
    assert on.engine.states() == {"seed-1": "exited"}


async def test_a_taken_port_is_raised() -> None:
    on = stage(mesh_config(spec("web", ports=(PortSpec("http", 80, published=8080),))))
    on.seed_all()
    await on.lifecycle.stop((), on.sink)
    on.engine.taken_ports[8080] = "nginx"
    with pytest.raises(PortInUse, match="8080"):
        await on.lifecycle.start(("web",), on.sink)


async def test_scale_waits_until_every_instance_is_listed() -> None:
    on = running(users=Behaviour(ready_after_s=1.0, registers_after_s=1.0))
    report = await on.lifecycle.scale({"users": 3}, on.sink)
    assert report.changed
    assert on.engine.states()["users-3"] == "running"
    assert sorted(on.sink.done("wait registered")) == ["users-1", "users-2", "users-3"]
    await on.lifecycle.scale({"users": 1}, on.sink)
    assert [name for name in on.engine.states() if name.startswith("users")] == ["users-1"]


async def test_scale_brings_what_is_needed_and_recreates_nothing() -> None:
    on = running()
    users = on.mesh.config.services["users"]
    changed = application("users", "consul", "db", environment={"A": "1"})
    on.mesh.config = mesh_config(spec("consul"), spec("db"), changed)
    await on.engine.instances.stop(on.engine.get("db-1").id, 1.0)
    before = on.engine.get("users-1").id
    await on.lifecycle.scale({"users": 3}, on.sink)
    assert on.engine.get("users-1").id == before
    assert on.engine.states()["db-1"] == "running"
    assert users.environment == {}


async def test_names_and_counts_that_cannot_be_are_refused() -> None:
    on = running()
    for verb in (on.lifecycle.start, on.lifecycle.stop, on.lifecycle.restart, on.lifecycle.pause, on.lifecycle.unpause):
        with pytest.raises(UsageError) as caught:
            await verb(("user",), on.sink)
        assert caught.value.hint == "Did you mean users?"
    with pytest.raises(UsageError):
        await on.lifecycle.scale({"users": -1}, on.sink)
    assert set(on.engine.states().values()) == {"running"}


async def test_what_is_not_the_whole_file_creates_nothing_and_stops_all() -> None:
    on = running()
    on.mesh.config = replace(on.mesh.config, partial="no meshctl.yaml here")
    for creating in (
        on.lifecycle.up(UpOptions(), on.sink),
        on.lifecycle.plan_up(UpOptions()),
        on.lifecycle.scale({"users": 3}, on.sink),
    ):
        with pytest.raises(NotPossible, match="no meshctl"):
            await creating
    await on.lifecycle.stop((), on.sink)
    assert set(on.engine.states().values()) == {"exited"}


async def test_a_command_runs_in_a_service_that_no_file_names() -> None:
    on = running()
    on.mesh.config = mesh_config(spec("consul"))
    assert await on.lifecycle.exec_attached("db", ("true",)) == 0
    with pytest.raises(UsageError, match="nosuch"):
        await on.lifecycle.exec_attached("nosuch", ("true",))
