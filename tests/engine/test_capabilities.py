"""The bundled file on a runtime that has no images, networks and volumes, and verbs that a runtime lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshctl.adapters.config_file.loader import load_config
from meshctl.engine.up import UpOptions
from meshctl.errors import UsageError
from meshctl.model.containers import EVERY_CAPABILITY, Capability
from meshctl.model.plan import Plan
from tests.builders import mesh_config, spec
from tests.fakes.stage import Stage, stage

NEITHER = frozenset((Capability.IMAGES, Capability.NETWORKS, Capability.VOLUMES))


def bundled(can: frozenset[Capability]) -> Stage:
    project = Path(__file__).parents[2]
    return stage(load_config(None, project=None, environ={}, cwd=str(project)), can=can)


def needed(plan: Plan) -> set[Capability]:
    return {operation.kind.capability for operation in plan.operations if operation.kind.capability is not None}


async def test_the_plan_of_the_bundled_file_holds_only_what_the_runtime_has() -> None:
    assert needed(await bundled(EVERY_CAPABILITY).lifecycle.plan_up(UpOptions())) == NEITHER
    plan = await bundled(EVERY_CAPABILITY - NEITHER).lifecycle.plan_up(UpOptions())
    assert needed(plan) == set()
    created = [operation.service for operation in plan.operations if operation.kind == "create"]
    assert {"consul", "postgres", "orders"} < set(created)


async def test_up_of_the_bundled_file_comes_to_ready_and_down_leaves_nothing() -> None:
    on = bundled(EVERY_CAPABILITY - NEITHER)
    report = await on.lifecycle.up(UpOptions(), on.sink)
    assert report.ready and report.changed
    assert set(on.engine.states().values()) == {"running"}
    assert not (await on.lifecycle.up(UpOptions(), on.sink)).changed
    await on.lifecycle.stop(("orders",), on.sink)
    await on.lifecycle.start(("orders",), on.sink)
    away = await on.lifecycle.down(volumes=True, timeout_s=60.0, sink=on.sink)
    assert (away.removed, away.failures) == (len(on.mesh.config.services), ())
    assert on.engine.containers() == ()


async def test_to_build_without_images_is_refused() -> None:
    on = bundled(EVERY_CAPABILITY - NEITHER)
    with pytest.raises(UsageError, match="no images"):
        await on.lifecycle.up(UpOptions(build=True), on.sink)
    assert on.engine.containers() == ()


async def test_to_pause_where_nothing_pauses_is_refused() -> None:
    on = stage(mesh_config(spec("db")), can=EVERY_CAPABILITY - {Capability.PAUSING})
    on.seed_all()
    with pytest.raises(UsageError, match="cannot pause an instance"):
        await on.lifecycle.pause((), on.sink)
    assert on.engine.states() == {"db-1": "running"}
