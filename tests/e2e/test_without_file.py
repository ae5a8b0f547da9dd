"""Looking and stopping need no variables, and not even the file: the engine's labels tell."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.command import EXECUTABLE, Outcome
from tests.images import base_image

pytestmark = pytest.mark.e2e

PROJECT = "meshctl-e2e-labels"
SECRET = "hunter2hunter2"
FILE = f"""\
name: {PROJECT}
services:
  web:
    image: ${{IMAGE:?}}
    command: [python3, -m, http.server, "8000"]
    environment: {{WEB_PASSWORD: "${{WEB_PASSWORD:?}}"}}
    ports: [{{name: http, target: 8000, app_protocol: http}}]
    healthcheck: {{http: /, port: http}}
    depends_on: {{store: {{condition: service_healthy}}}}
    stop_grace_period: 1s
  store:
    image: ${{IMAGE}}
    command: [sh, -c, "echo store is here; exec sleep 600"]
    healthcheck: {{test: "test -n ${{WEB_PASSWORD}}"}}
    volumes: [data:/data]
    stop_grace_period: 1s
volumes: {{data: {{}}}}
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """``folder("ps")`` runs the command in this folder; ``variables`` are set for it."""

    path: Path
    variables: dict[str, str]

    def __call__(self, *words: str, code: int = 0, whole: bool = False) -> Outcome:
        unset = {"IMAGE", "WEB_PASSWORD", "MESHCTL_COLLECTOR"}
        environ = {name: value for name, value in os.environ.items() if name not in unset}
        done = subprocess.run(
            [str(EXECUTABLE), *words],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            cwd=self.path,
            env={**environ, "NO_COLOR": "1", **(self.variables if whole else {})},
        )
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert SECRET not in done.stdout + done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    @property
    def file(self) -> Path:
        return self.path / "meshctl.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A project that is up, made with its variables set."""
    made = Folder(tmp_path, {"IMAGE": base_image("MESH_PYTHON_BASE"), "WEB_PASSWORD": SECRET})
    made.file.write_text(FILE)
    made("down", "-v", whole=True)
    made("up", whole=True)
    yield made
    made.file.write_text(FILE)
    made("down", "-v", whole=True)


def _health(folder: Folder, *words: str) -> dict[str, Any]:
    return {row["service"]: row["health"] for row in json.loads(folder(*words, "ps", "--json").out)}


def _stop_order(engine: docker.DockerClient) -> list[str]:
    found = engine.containers.list(all=True, filters={"label": f"dev.meshctl.project={PROJECT}"})
    ended = {one.labels["dev.meshctl.service"]: one.attrs["State"]["FinishedAt"] for one in found}
    return sorted(ended, key=lambda name: ended[name])


def _looks_and_stops(folder: Folder, engine: docker.DockerClient, note: str, *words: str) -> None:
    """Every command that creates nothing, each with its one note."""
    assert _health(folder, *words) == {"web": "healthy", "store": "healthy"}
    answer = folder(*words, "ps")
    assert [line for line in answer.err.splitlines() if line.startswith("note:")] == [f"note: {note}"]
    assert folder(*words, "-q", "ps").err == ""
    assert "store is here" in folder(*words, "logs", "store").out
    assert folder(*words, "exec", "store", "--", "echo", "inside").out == "inside\n"
    assert "Directory listing" in folder(*words, "call", "web", "GET", "/").out
    assert "no collector" in folder(*words, "traces", code=3).err
    assert f"{note}" in folder(*words, "doctor", "--json").out or not note.startswith("no ")
    for verb, state in (("pause", "paused"), ("unpause", "healthy")):
        folder(*words, verb, "web")
        assert _health(folder, *words)["web"] == state
    folder(*words, "restart", "store")
    folder(*words, "stop", "web", "store")
    causes = {(found["service"], found["kind"]) for found in folder(*words, "why", "--json").json}
    assert ("store", "stopped") in causes
    folder(*words, "start", "web", "store")
    assert _health(folder, *words) == {"web": "healthy", "store": "healthy"}


def test_variables_are_only_needed_to_create(folder: Folder, engine: docker.DockerClient) -> None:
    note = "IMAGE and WEB_PASSWORD are not set; what needs them is as the containers' labels tell"
    _looks_and_stops(folder, engine, note)
    for command in (("up",), ("up", "--dry-run"), ("scale", "web=2"), ("config",)):
        said = folder(*command, code=2).err
        assert "missing env variable IMAGE" in said and "meshctl.yaml:4  services.web.image" in said
    assert "nothing to do" in folder("up", whole=True).err


def test_a_file_that_is_gone(folder: Folder, engine: docker.DockerClient) -> None:
    folder.file.unlink()
    note = f"no meshctl.yaml here: {PROJECT} as its containers' labels tell (made from {folder.file})"
    _looks_and_stops(folder, engine, note)
    assert "no meshctl.yaml" in folder("up", code=2).err
    folder("down", "-v")
    assert engine.volumes.list(filters={"label": f"dev.meshctl.project={PROJECT}"}) == []
    assert engine.networks.list(filters={"label": f"dev.meshctl.project={PROJECT}"}) == []
    assert "no meshctl.yaml" in folder("ps", code=2).err


def test_another_folder(folder: Folder, engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = Folder(tmp_path_factory.mktemp("elsewhere"), folder.variables)
    note = f"no meshctl.yaml here: {PROJECT} as its containers' labels tell (made from {folder.file})"
    _looks_and_stops(elsewhere, engine, note, "-p", PROJECT)
    wrong = elsewhere("-p", f"{PROJECT}x", "ps", code=2)
    assert f"no project '{PROJECT}x' on this engine" in wrong.err
    assert f"Did you mean {PROJECT}?" in wrong.err
    assert "no meshctl.yaml" in elsewhere("ps", code=2).err


@pytest.mark.parametrize(
    ("broken", "said"),
    [(FILE.replace("depends_on:", "dependson:"), "unknown key 'dependson'"), (FILE + "x: [", "not valid YAML")],
    ids=["unknown key", "not YAML"],
)
def test_a_file_that_is_broken(folder: Folder, broken: str, said: str) -> None:
    folder.file.write_text(broken)
    assert _health(folder) == {"web": "healthy", "store": "healthy"}
    (note,) = (line for line in folder("ps").err.splitlines() if line.startswith("note:"))
    assert said in note and f"{PROJECT} as its containers' labels tell" in note
    assert said in folder("up", code=2, whole=True).err
    assert "removed 3" in folder("down").err


def test_secrets_are_in_no_label(folder: Folder, engine: docker.DockerClient) -> None:
    found = engine.containers.list(filters={"label": f"dev.meshctl.project={PROJECT}"})
    assert {one.labels["dev.meshctl.service"] for one in found} == {"web", "store"}
    assert not [label for one in found for label in one.labels.values() if SECRET in label]
