"""Several commands change one project in the same moment, on one machine and on two that share an engine.

Two machines are two state folders here: they have no lock in common.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.command import Meshctl, Outcome, eventually
from tests.images import base_image

pytestmark = pytest.mark.e2e

#: Each on a project that nothing is there of.
ROUNDS = range(int(os.environ.get("MESH_TURNS_ROUNDS", "2")))

FILE = """
services:
  db:
    image: {image}
    command: [sleep, "600"]
    stop_grace_period: 2s
    volumes: ["data:/data"]
  web:
    image: {image}
    command: [sleep, "600"]
    stop_grace_period: 2s
    depends_on: {{db: {{condition: service_started}}}}
  never:
    image: {image}
    command: [sleep, "600"]
    stop_grace_period: 2s
    healthcheck: {{test: "exit 1", interval: 1s, retries: 600}}
    profiles: [never]
volumes: {{data: {{}}}}
"""
ALL = ["db-1", "web-1"]


class Project:
    """One project, seen past meshctl, and two machines to change it from."""

    def __init__(self, file: Path, engine: docker.DockerClient, machines: tuple[Path, Path]) -> None:
        self.meshctl = Meshctl(f"meshctl-turns-{secrets.token_hex(3)}", file)
        self._engine = engine
        self._machines = machines
        self._begun: list[subprocess.Popen[str]] = []

    def at_once(self, *commands: str, apart: bool = False) -> list[Outcome]:
        """What became of commands that were begun together; ``apart`` each on the next machine."""
        begun = [self.begin(command, number % 2 if apart else 0) for number, command in enumerate(commands)]
        return [_ended(one) for one in begun]

    def begin(self, command: str, machine: int = 0) -> subprocess.Popen[str]:
        self._begun.append(self.meshctl.start(*command.split(), env=self._env(machine)))
        return self._begun[-1]

    def end(self) -> None:
        """Whatever became of the test."""
        for process in self._begun:
            process.kill()
            process.communicate(timeout=30)
        self.run("down -v")

    def run(self, command: str, code: int | None = 0) -> Outcome:
        return self.meshctl(*command.split(), code=code, env=self._env(0))

    @property
    def instances(self) -> list[str]:
        """All that run, by names; what does not run is named so."""
        return sorted(
            entry["Names"][0].removeprefix(f"/{self.meshctl.project}-")
            + ("" if entry["State"] == "running" else f" {entry['State']}")
            for entry in self._engine.api.containers(all=True, filters=self._filters)
        )

    @property
    def networks(self) -> int:
        return len(self._engine.networks.list(filters=self._filters))

    def _env(self, machine: int) -> dict[str, str]:
        return {"XDG_STATE_HOME": str(self._machines[machine])}

    @property
    def _filters(self) -> dict[str, Any]:
        return {"label": f"dev.meshctl.project={self.meshctl.project}"}


def _ended(process: subprocess.Popen[str]) -> Outcome:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return Outcome(process.returncode, out, err)


@pytest.fixture
def project(engine: docker.DockerClient, tmp_path: Path) -> Iterator[Project]:
    file = tmp_path / "meshctl.yaml"
    file.write_text(FILE.format(image=base_image("MESH_PYTHON_BASE")))
    project = Project(file, engine, (tmp_path / "a", tmp_path / "b"))
    yield project
    project.end()
    assert (project.instances, project.networks) == ([], 0)


def says_the_truth(outcome: Outcome) -> bool:
    """It was done, or it is said that somebody else was at it."""
    return outcome.code == 0 or (
        outcome.code == 1 and re.search("somebody|another meshctl|removed", outcome.err) is not None
    )


@pytest.mark.parametrize("number", ROUNDS)
def test_two_up_come_one_after_the_other(project: Project, number: int) -> None:
    both = project.at_once("up", "up")
    assert [one.code for one in both] == [0, 0], both
    assert (project.instances, project.networks) == (ALL, 1)
    assert sum("nothing to do" in one.err for one in both) == 1
    assert (
        sum(
            re.search(r"^waiting for (`meshctl up` \(pid \d+, since \d+ s\)|another)", one.err, re.M) is not None
            for one in both
        )
        <= 1
    )


@pytest.mark.parametrize("number", ROUNDS)
def test_two_up_on_two_machines_make_one_project(project: Project, number: int) -> None:
    both = project.at_once("up", "up", apart=True)
    assert all(map(says_the_truth, both)), both
    project.run("up")
    assert (project.instances, project.networks) == (ALL, 1)


@pytest.mark.parametrize("apart", [False, True])
def test_three_at_once(project: Project, apart: bool) -> None:
    three = project.at_once("up", "up", "scale web=3", apart=apart)
    assert all(map(says_the_truth, three)), three
    if not apart:
        assert [one.code for one in three] == [0, 0, 0]
    project.run("up")
    assert project.networks == 1
    assert project.instances == ["db-1", "web-1", "web-2", "web-3"]


@pytest.mark.parametrize("apart", [False, True])
def test_up_beside_down(project: Project, apart: bool) -> None:
    project.run("up")
    both = project.at_once("up", "down", apart=apart)
    assert all(map(says_the_truth, both)), both
    if not apart:
        assert [one.code for one in both] == [0, 0], both
        assert (project.instances, project.networks) in ((ALL, 1), ([], 0))
    project.run("up")
    assert (project.instances, project.networks) == (ALL, 1)


@pytest.mark.parametrize("apart", [False, True])
def test_scale_beside_up(project: Project, apart: bool) -> None:
    project.run("up")
    both = project.at_once("scale web=3", "up", apart=apart)
    assert all(map(says_the_truth, both)), both
    project.run("up")
    assert project.instances == ["db-1", "web-1", "web-2", "web-3"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_who_waits_gives_up_in_time_and_goes_on_at_once_when_the_other_has_ended(
    project: Project, number: signal.Signals
) -> None:
    first = project.begin("up never")
    eventually(lambda: "never-1" in project.instances, within=30, what="the instance that never gets ready")
    late = project.run("down --timeout 1s", code=4)
    who = rf"`meshctl up never` \(pid {first.pid}, since \d+ s\)"
    assert re.search(rf"^waiting for {who}", late.err, re.M)
    assert re.search(f"error: {project.meshctl.project} is still being changed by {who}", late.err)
    assert project.instances == ["never-1"]
    second = project.begin("down")
    first.send_signal(number)
    first.communicate(timeout=30)
    assert _ended(second).code == 0
    assert project.instances == []
