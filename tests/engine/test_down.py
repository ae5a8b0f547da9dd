"""Down removes what carries the project's label, in order, again and again."""

from __future__ import annotations

from dataclasses import replace

from meshctl.core.plan.request import container_request
from meshctl.errors import OperationFailed
from meshctl.model.config import MeshConfig, Mount
from meshctl.model.plan import DownReport
from meshctl.model.progress import Phase, ProgressEvent
from tests.builders import application, mesh_config, spec
from tests.fakes.stage import Stage, stage


def shop() -> MeshConfig:
    db = spec("db", mounts=(Mount("volume", "data", "/data"),))
    return mesh_config(db, application("users", "db"), application("orders", "users"), volumes={"data": ""})


async def run(on: Stage, *, volumes: bool = False, timeout_s: float = 60.0) -> DownReport:
    return await on.lifecycle.down(volumes=volumes, timeout_s=timeout_s, sink=on.sink)


def running() -> Stage:
    on = stage(shop())
    on.seed_all()
    return on


async def test_containers_go_in_reverse_order_and_networks_after_them() -> None:
    on = running()
    report = await run(on)
    assert on.sink.done("stop") == ["orders-1", "users-1", "db-1"]
    assert on.engine.containers() == ()
    seen = await on.engine.observe("shop")
    assert (seen.networks, seen.volumes) == ((), ("shop_data",))
    assert (report.removed, report.failures) == (4, ())


async def test_volumes_go_when_asked_for() -> None:
    on = running()
    assert (await run(on, volumes=True)).removed == 5
    assert (await on.engine.observe("shop")).volumes == ()


async def test_a_second_down_finds_nothing() -> None:
    on = running()
    await run(on, volumes=True)
    assert (await run(on, volumes=True)).removed == 0


async def test_what_the_file_no_longer_names_goes_too() -> None:
    on = running()
    on.mesh.config = mesh_config(spec("something-else"))
    await run(on)
    assert on.engine.containers() == ()


async def test_other_projects_keep_theirs() -> None:
    on = running()
    other = replace(shop(), name="other")
    on.engine.seed(container_request(other, other.services["db"], 1))
    await run(on, volumes=True)
    assert [c.name for c in on.engine.containers()] == ["other-db-1"]
    assert (await on.engine.observe("other")).volumes == ("other_data",)


async def test_one_that_cannot_be_removed_is_reported_and_the_rest_goes() -> None:
    on = running()
    on.engine.fail["remove", "users-1"] = OperationFailed("device busy")
    report = await run(on)
    assert [(f.instance, f.message) for f in report.failures] == [("users-1", "device busy")]
    assert isinstance(report.error, OperationFailed)
    assert list(on.engine.states()) == ["users-1"]


async def test_both_networks_of_one_name_go() -> None:
    on = running()
    assert on.engine.networks is not None
    on.engine.networks.doubled.add("shop_default")
    assert (await run(on)).failures == ()
    assert (await on.engine.observe("shop")).networks == ()


async def test_what_others_make_meanwhile_is_the_truth_that_is_told() -> None:
    """Another machine takes no turns with this one."""
    on = running()
    request = container_request(on.mesh.config, on.mesh.config.services["db"], 1)

    def look(event: ProgressEvent) -> None:
        if (event.operation, event.phase) == ("remove network", Phase.DONE):
            on.engine.seed(request)

    on.sink.react = look
    report = await run(on)
    assert [(f.message, f.hint) for f in report.failures] == [("somebody else has made db-1 meanwhile", "meshctl down")]
    assert report.error is not None and report.error.exit_code == 1
    on.sink.react = None
    assert (await run(on)).failures == ()


async def test_independent_containers_stop_side_by_side_four_at_a_time() -> None:
    on = stage(mesh_config(*(spec(f"s{number}") for number in range(8))))
    on.seed_all()
    on.engine.seconds = {"stop": 1.0}
    report = await run(on)
    assert on.engine.busiest == 4
    assert 2000 <= report.elapsed_ms < 2100


async def test_out_of_time_is_reported() -> None:
    on = running()
    on.engine.seconds = {"stop": 30.0}
    report = await run(on, timeout_s=5.0)
    assert {f.kind for f in report.failures} == {"timed out"}


async def test_after_an_interrupted_down_the_next_one_finishes() -> None:
    on = running()
    on.engine.fail["remove", "db-1"] = OperationFailed("no")
    await run(on)
    on.engine.fail.clear()
    assert (await run(on)).failures == ()
    assert on.engine.containers() == ()
