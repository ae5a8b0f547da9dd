"""What may end, and is done then."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.jobs import ends, is_done, may_end
from meshctl.model.config import Condition, DependsOn, HealthCheck, MeshSpec, RestartPolicy, ServiceSpec
from meshctl.model.containers import ContainerState
from tests.builders import HTTP_PORT, container, job, mesh_config, spec


def plain(**changes: Any) -> ServiceSpec:
    """Nobody asks, needs, finds or keeps it."""
    return spec("one", **{"ports": (), "healthcheck": HealthCheck()} | changes)


@pytest.mark.parametrize(
    ("one", "may"),
    [
        (plain(), True),
        (plain(restart=RestartPolicy.ON_FAILURE), True),
        (plain(restart=RestartPolicy.ALWAYS), False),
        (plain(restart=RestartPolicy.UNLESS_STOPPED), False),
        (plain(ports=(HTTP_PORT,)), False),
        (plain(mesh=MeshSpec(register="one")), False),
        (spec("one", ports=()), False),
    ],
)
def test_only_what_nobody_asks_needs_finds_or_keeps_may_end(one: ServiceSpec, may: bool) -> None:
    config = mesh_config(one)
    assert (may_end(config, one), ends(config, one)) == (may, False)


@pytest.mark.parametrize(
    ("condition", "end"), [(Condition.COMPLETED, True), (Condition.HEALTHY, False), (Condition.STARTED, False)]
)
def test_a_dependent_decides(condition: Condition, end: bool) -> None:
    one = plain()
    config = mesh_config(one, spec("two", DependsOn("one", condition)))
    assert (ends(config, one), may_end(config, one)) == (end, end)


def test_a_job_ends() -> None:
    one = job("one", restart=RestartPolicy.ALWAYS)
    assert ends(mesh_config(one), one)


@pytest.mark.parametrize(
    ("seen", "done"),
    [
        ({"state": ContainerState.EXITED, "exit_code": 0}, True),
        ({"state": ContainerState.EXITED, "exit_code": 1}, False),
        ({"state": ContainerState.EXITED, "exit_code": 0, "error": "no such file"}, False),
        ({"state": ContainerState.RESTARTING, "exit_code": 0}, False),
        ({"state": ContainerState.RUNNING}, False),
    ],
)
def test_done_is_an_end_with_0(seen: dict[str, Any], done: bool) -> None:
    config = mesh_config(plain())
    assert is_done(container(config, "one", **seen)) is done
