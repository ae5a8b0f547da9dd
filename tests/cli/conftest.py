"""The command line in-process: argv in, streams and exit code out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshctl import bootstrap
from meshctl.adapters.config_file import load_config
from meshctl.cli.context import World
from meshctl.cli.main import main
from tests.cli.worlds import FakeWorld
from tests.fakes.containers import Behaviour
from tests.fakes.stage import stage

GOOD = """\
name: demo
services:
  web:
    image: example:1
    ports: [{name: http, target: 8000, app_protocol: http}]
    healthcheck: {http: /health, port: http}
    environment: {DATABASE_PASSWORD: hunter2}
    depends_on: {store: {condition: service_healthy}}
  store:
    image: store:1
"""

#: What a file needs at its end to have a collector.
COLLECTOR = """\
  collector:
    image: collector:1
    ports:
      - {name: http, target: 16686, app_protocol: http}
      - {name: otlp-http, target: 4318, app_protocol: http}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Run:
    """``run("ps", "--json")`` in the project's folder, on ``world``."""

    capsys: pytest.CaptureFixture[str]
    world: World = bootstrap

    def __call__(self, *argv: str) -> Answer:
        code = main(argv, world=self.world)
        streams = self.capsys.readouterr()
        return Answer(code, streams.out, streams.err)


Open = Callable[..., FakeWorld]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file, and no engine anywhere near."""
    (tmp_path / "meshctl.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command on the real world, in which no engine answers."""
    return Run(capsys)


@pytest.fixture
def world(project: Path, run: Run) -> Open:
    """``world(web=Behaviour(…))``: every command of the test runs on this one engine, with the file as it is then."""

    def build(**behaviours: Behaviour) -> FakeWorld:
        made = FakeWorld(stage(load_config(None, project=None, environ={}, cwd=str(project)), **behaviours))
        run.world = made
        return made

    return build
