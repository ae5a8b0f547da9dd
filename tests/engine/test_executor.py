"""A plan is carried out in its order, four calls at a time, and stops nowhere it need not."""

from __future__ import annotations

import asyncio

import pytest

from meshctl.core.plan.reconcile import Wanted, reconcile
from meshctl.engine.executor import AT_ONCE, Executor, Outcome
from meshctl.errors import DeadlineExceeded, ImageUnavailable, OperationFailed, RuntimeUnavailable
from meshctl.model.config import BuildSpec, Condition, DependsOn, MeshConfig
from meshctl.model.containers import Observed
from meshctl.model.plan import Operation, OperationKind, Plan
from meshctl.model.progress import Phase
from tests.builders import application, mesh_config, spec
from tests.fakes.containers import Behaviour
from tests.fakes.stage import Stage, stage


def from_nothing(config: MeshConfig) -> Plan:
    return reconcile(config, Observed(config.name), Wanted())


async def carry_out(on: Stage, timeout_s: float = 60.0) -> Outcome:
    return await Executor(on.mesh, from_nothing(on.mesh.config), on.sink, timeout_s).run()


async def test_every_operation_waits_for_those_it_needs() -> None:
    on = stage(mesh_config(spec("db"), spec("web", "db")), db=Behaviour(ready_after_s=2.0))
    outcome = await carry_out(on)
    assert outcome.failures == ()
    done = [event for event in on.sink.events if event.phase is Phase.DONE]
    order = [f"{event.operation} {event.target}" for event in done]
    assert order.index("wait ready db-1") < order.index("start web-1") < order.index("wait ready web-1")
    assert order.index("create web-1") < order.index("wait ready db-1")
    assert 2.0 <= outcome.seconds["ready:db-1"] < 2.3


async def test_at_most_four_calls_are_under_way_and_waits_take_no_place() -> None:
    services = [spec(f"s{number}", "db") for number in range(10)]
    on = stage(mesh_config(spec("db"), *services), **{s.name: Behaviour(ready_after_s=5.0) for s in services})
    on.engine.seconds = {"create": 1.0, "start": 1.0, "pull": 1.0}
    outcome = await carry_out(on)
    assert outcome.failures == ()
    assert on.engine.busiest == AT_ONCE
    waiting = [event for event in on.sink.events if event.operation == "wait ready" and event.phase is Phase.STARTED]
    assert len(waiting) == 11


async def test_a_failed_operation_skips_what_needs_it_and_others_finish() -> None:
    config = mesh_config(spec("db"), spec("web", "db"), spec("shop", "web"), spec("other"))
    on = stage(config)
    on.engine.fail["start", "db-1"] = OperationFailed("no space left")
    outcome = await carry_out(on)
    assert [(f.service, f.instance, f.message) for f in outcome.failures] == [("db", "db-1", "no space left")]
    assert outcome.skipped == ("db-1", "web-1", "shop-1")
    assert "other-1" in on.sink.done("wait ready")
    skipped = [event for event in on.sink.events if event.phase is Phase.SKIPPED]
    assert {event.message for event in skipped} == {"db-1 failed"}
    assert on.engine.states() == {"db-1": "created", "web-1": "created", "shop-1": "created", "other-1": "running"}


async def test_an_optional_dependency_that_fails_releases_its_dependent() -> None:
    need = DependsOn("cache", Condition.HEALTHY, required=False)
    on = stage(mesh_config(spec("cache"), spec("web", need)))
    on.engine.fail["start", "cache-1"] = OperationFailed("no")
    outcome = await carry_out(on)
    assert [failure.instance for failure in outcome.failures] == ["cache-1"]
    assert "web-1" in on.sink.done("wait ready")


async def test_a_build_that_fails_lets_the_next_of_its_recipe_try() -> None:
    on = stage(mesh_config(application("a"), application("b")))
    on.engine.unbuildable = {"shop-a:latest"}
    outcome = await carry_out(on)
    (failure,) = outcome.failures
    assert (failure.kind, failure.service, failure.log) == ("build failed", "a", ("Step 1/2", "boom"))
    assert on.sink.done("build") == ["shop-b:latest"]
    assert on.engine.states() == {"b-1": "running"}


async def test_builds_of_one_recipe_never_overlap() -> None:
    on = stage(mesh_config(application("a"), application("b"), application("c")))
    on.engine.seconds = {"build": 3.0}
    await carry_out(on)
    phases = [e.phase for e in on.sink.events if e.operation == "build" and e.phase is not Phase.PROGRESS]
    assert phases == [Phase.STARTED, Phase.DONE] * 3


async def test_what_cannot_be_pulled_is_built_and_says_so() -> None:
    on = stage(mesh_config(spec("web", build=BuildSpec("/stack"))))
    assert (await carry_out(on)).failures == ()
    assert on.engine.calls[:3] == ["pull web:1", "create_network shop_default", "build web:1"]
    assert any(event.message == "it cannot be pulled, so it is built" for event in on.sink.events)


async def test_progress_of_a_call_is_told_with_its_fraction() -> None:
    on = stage(mesh_config(spec("db")))
    await carry_out(on)
    (event,) = (e for e in on.sink.events if e.operation == "pull" and e.phase is Phase.PROGRESS)
    assert (event.target, event.service, event.message, event.fraction) == ("db:1", "db", "Downloading", 0.5)


async def test_a_call_that_takes_too_long_is_cut_and_nothing_more_is_begun() -> None:
    on = stage(mesh_config(spec("db")))
    on.engine.hold["pull", "db:1"] = asyncio.Event()
    outcome = await carry_out(on, timeout_s=5.0)
    assert isinstance(outcome.error, DeadlineExceeded)
    assert [f.message for f in outcome.failures] == ["pull db:1 took too long"]
    assert on.clock.monotonic() == pytest.approx(5.0)


async def test_with_no_time_left_nothing_is_changed() -> None:
    on = stage(mesh_config(spec("db")))
    outcome = await carry_out(on, timeout_s=0.0)
    assert isinstance(outcome.error, DeadlineExceeded)
    assert on.engine.calls == []
    assert outcome.failures[0].message == "no time was left to pull db:1"


async def test_cancelling_leaves_what_was_made_and_no_task_behind() -> None:
    on = stage(mesh_config(spec("db"), spec("web", "db")), db=Behaviour(ready_after_s=None))
    before = asyncio.all_tasks()
    running = asyncio.create_task(carry_out(on))
    await on.clock.sleep(3.0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before
    assert on.engine.states() == {"db-1": "running", "web-1": "created"}


async def test_an_engine_that_goes_away_ends_the_run_with_its_error() -> None:
    on = stage(mesh_config(spec("db")), db=Behaviour(ready_after_s=None))
    running = asyncio.create_task(carry_out(on))
    await on.clock.sleep(3.0)
    on.engine.go_away()
    outcome = await running
    assert isinstance(outcome.error, RuntimeUnavailable)
    with pytest.raises(RuntimeUnavailable):
        outcome.raise_first()


async def test_a_container_that_is_gone_counts_as_stopped() -> None:
    on = stage(mesh_config(spec("db")))
    gone = Operation("stop:db-1", OperationKind.STOP, "db-1", "db", container_id="gone")
    assert (await Executor(on.mesh, Plan("shop", (gone,)), on.sink, 5.0).run()).failures == ()


async def test_an_error_of_a_lower_room_is_not_swallowed() -> None:
    on = stage(mesh_config(spec("db")))
    on.engine.fail["pull", "db:1"] = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        await carry_out(on)


async def test_an_image_that_is_nowhere_has_its_hint() -> None:
    on = stage(mesh_config(spec("db")))
    on.engine.pullable.clear()
    outcome = await carry_out(on)
    assert isinstance(outcome.error, ImageUnavailable)
    assert (outcome.failures[0].kind, outcome.failures[0].hint) == ("no image", "Check its name.")
