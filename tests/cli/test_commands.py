"""The commands on a fake world: answers on stdout, narration on stderr, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import meshctl.bootstrap
from meshctl.adapters.config_file import load_config
from meshctl.engine.mesh import Mesh
from meshctl.model.config import MeshConfig
from tests.cli.conftest import Run
from tests.fakes.containers import Behaviour
from tests.fakes.machine import Death
from tests.fakes.stage import Stage, stage

Open = Callable[..., Stage]


@pytest.fixture
def world(project: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """``world(web=Behaviour(…))``: every command of the test runs on this one engine."""

    def build(**behaviours: Behaviour) -> Stage:
        config = load_config(None, project=None, environ={}, cwd=str(project))
        made = stage(config, **behaviours)

        def open_mesh(config: MeshConfig) -> Mesh:
            return Mesh(config, made.engine, made.registry.connect, made.prober, made.clock)

        monkeypatch.setattr(meshctl.bootstrap, "open_mesh", open_mesh)
        return made

    return build


def test_up_shows_a_table_and_a_second_up_does_nothing(run: Run, world: Open) -> None:
    world()
    first = run("up")
    assert first.code == 0, first.err
    assert first.out.splitlines()[0].split()[:2] == ["SERVICE", "HEALTH"]
    assert "demo is ready" in first.err
    second = run("up")
    assert (second.code, "nothing to do" in second.err) == (0, True)


def test_up_as_json_is_one_document_and_progress_is_json_lines(run: Run, world: Open) -> None:
    world()
    answer = run("up", "--json")
    report = json.loads(answer.out)
    assert (report["project"], report["ready"], report["changed"]) == ("demo", True, True)
    assert {row["service"] for row in report["services"]} == {"web", "store"}
    assert {"operation", "target", "phase"} <= set(json.loads(answer.err.splitlines()[0]))


def test_a_dry_run_prints_the_plan_and_does_nothing(run: Run, world: Open) -> None:
    made = world()
    answer = run("up", "--dry-run")
    assert answer.code == 0
    assert "create         web-1  (not created)" in answer.out
    assert made.sink.events == []
    assert json.loads(run("ps", "--json").out)[0]["instances"] == []


def test_a_failed_dependency_is_the_first_cause_and_its_dependent_is_not_begun(run: Run, world: Open) -> None:
    world(store=Behaviour(deaths=(Death(0.1, 3),)))
    answer = run("up")
    assert answer.code == 1
    assert "store-1" in answer.err.split("error:")[1].splitlines()[0]
    assert "web-1: start skipped: store-1 failed" in answer.err
    assert "demo is not ready" in answer.err


def test_what_never_gets_ready_exits_4(run: Run, world: Open) -> None:
    world(web=Behaviour(ready_after_s=1e9))
    answer = run("up", "--timeout", "5s")
    assert answer.code == 4
    assert "web-1 is not ready" in answer.err


def test_ps_tells_the_three_truths(run: Run, world: Open) -> None:
    world()
    run("up")
    rows = {row["service"]: row for row in json.loads(run("ps", "--json").out)}
    instance = rows["web"]["instances"][0]
    assert (instance["id"], instance["state"], instance["probe"], instance["registry"]) == (
        "web-1",
        "running",
        "passing",
        None,
    )
    assert (rows["web"]["ready"], rows["web"]["desired"]) == (1, 1)


def test_stop_and_start(run: Run, world: Open) -> None:
    world()
    run("up")
    assert "○ stopped" in run("stop", "web").out
    assert "● healthy" in run("start", "web").out
    wrong = run("stop", "wbe")
    assert wrong.code == 2
    assert "web" in wrong.err.split("hint:")[1]


def test_scale(run: Run, world: Open) -> None:
    world()
    run("up")
    assert json.loads(run("scale", "web=3", "--json").out)[0]["ready"] == 3


def test_down_removes_all_and_a_second_one_finds_nothing(run: Run, world: Open) -> None:
    world()
    run("up")
    assert run("down").code == 0
    assert all(row["instances"] == [] for row in json.loads(run("ps", "--json").out))
    assert "nothing to do" in run("down").err


def test_quiet_says_nothing_beside_the_answer(run: Run, world: Open) -> None:
    world()
    assert run("up", "-q").err == ""
