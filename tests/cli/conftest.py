"""The command line in-process: argv in, streams and exit code out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshctl.cli.main import main

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


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code and both streams."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file, and no engine anywhere near."""
    (tmp_path / "meshctl.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("ps", "--json")`` in that folder."""

    def call(*argv: str) -> Answer:
        code = main(argv)
        streams = capsys.readouterr()
        return Answer(code, streams.out, streams.err)

    return call
