"""What would be a surprise is asked for first: on the real engine, with data that two servers would corrupt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.command import Meshctl
from tests.e2e.terminal import Terminal
from tests.images import base_image

pytestmark = pytest.mark.e2e

PROJECT = "meshctl-e2e-surprise"
#: A server that holds its directory alone, and ends with 9 where another one has it.
SERVER = """\
  {name}:
    image: IMAGE
    command: [sh, -c, "flock -n -E 9 /data/lock sleep 600"]
    stop_grace_period: 1s
    volumes: ["data:/data"]
"""

Write = Callable[[str], Meshctl]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """``write(services)`` is a command bound to that file; what it made is removed."""
    made = Meshctl(PROJECT, tmp_path / "meshctl.yaml")
    image = base_image("MESH_PYTHON_BASE")

    def file(services: str) -> Meshctl:
        made.file.write_text(f"services:\n{services}volumes: {{data: {{}}}}\n".replace("IMAGE", image))
        return made

    yield file
    file(SERVER.format(name="db"))("down", "-v")


def states(engine: docker.DockerClient) -> dict[str, str]:
    found = engine.containers.list(all=True, filters={"label": f"dev.meshctl.project={PROJECT}"})
    return {str(container.name).removeprefix(f"{PROJECT}-"): container.status for container in found}


def test_two_servers_do_not_get_one_volume_unasked(write: Write, engine: docker.DockerClient) -> None:
    meshctl = write(SERVER.format(name="db"))
    meshctl("up")
    for words in (("scale", "db=2"), ("up", "--scale", "db=2"), ("up", "--dry-run", "--scale", "db=2")):
        refused = meshctl(*words, code=2)
        assert "2 instances of db would share volume data: two servers on one data directory corrupt it" in refused.err
        assert "--share-volumes" in refused.err and "mesh: {share_volumes: true}" in refused.err
    assert states(engine) == {"db-1": "running"}
    before = engine.containers.get(f"{PROJECT}-db-1").id
    write(SERVER.format(name="db").replace("sleep 600", "sleep 601"))("up")
    assert engine.containers.get(f"{PROJECT}-db-1").id != before
    assert states(engine) == {"db-1": "running"}, "its successor found the directory free"
    meshctl("restart", "db")
    assert states(engine) == {"db-1": "running"}


def test_a_renamed_service_is_told_and_removed_when_asked(write: Write, engine: docker.DockerClient) -> None:
    write(SERVER.format(name="old") + "  other: {image: IMAGE, command: [sleep, '600'], stop_grace_period: 1s}\n")("up")
    meshctl = write("  new: {image: IMAGE, command: [sleep, '600'], stop_grace_period: 1s}\n")
    told = "note: left alone, because the file does not name it: old (1 container), other (1 container)"
    assert told in meshctl("up", "--dry-run").out
    assert told in meshctl("up").err
    assert states(engine) == {"old-1": "running", "other-1": "running", "new-1": "running"}
    assert {"old", "other", "new"} == set(meshctl.ps())
    assert "--remove-orphans" in meshctl("up").err
    meshctl("up", "--remove-orphans")
    assert states(engine) == {"new-1": "running"}
    assert meshctl("start", "old", code=2).err.startswith("error: no service 'old'")


def test_down_takes_also_what_the_file_does_not_name(write: Write, engine: docker.DockerClient) -> None:
    write(SERVER.format(name="old"))("up")
    write("  new: {image: IMAGE, command: [sleep, '600']}\n")("down")
    assert states(engine) == {}
    assert [volume.name for volume in engine.volumes.list(filters={"name": f"{PROJECT}_data"})]


def test_all_services_are_meant_only_when_that_is_said(write: Write, engine: docker.DockerClient) -> None:
    meshctl = write(SERVER.format(name="db"))
    meshctl("up")
    for verb in ("stop", "pause", "restart"):
        assert f"meshctl {verb} --all" in meshctl(verb, code=2).err
    for answer in ("n\n", "\n", "\x04"):
        with Terminal(meshctl.argv("stop")) as terminal:
            terminal.wait_for(b"Stop 1 service? [y/N] ", within=20)
            terminal.press(answer)
            assert terminal.finish(within=20) == 1
        assert terminal.seen.endswith(b"stop: nothing was done\r\n")
    assert states(engine) == {"db-1": "running"}
    with Terminal(meshctl.argv("stop")) as terminal:
        terminal.wait_for(b"Stop 1 service? [y/N] ", within=20)
        terminal.press("y\n")
        assert terminal.finish(within=20) == 0
    assert states(engine) == {"db-1": "exited"}
    meshctl("start")
    meshctl("pause", "--all")
    assert states(engine) == {"db-1": "paused"}
