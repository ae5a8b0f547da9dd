"""What goes wrong on the real engine gets one clear message, the right exit code, and spares the rest."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.command import Meshctl
from tests.images import base_image

pytestmark = pytest.mark.e2e

Project = Callable[[str], Meshctl]


@pytest.fixture(scope="module")
def image() -> str:
    """An image with Python that is here anyway: the one the bundled stack is built on."""
    return base_image("MESH_PYTHON_BASE")


@pytest.fixture
def project(tmp_path: Path, image: str) -> Iterator[Project]:
    """``project(yaml)`` is a command bound to that file; what it made is removed."""
    made = Meshctl("meshctl-e2e-bad", tmp_path / "meshctl.yaml")

    def write(services: str) -> Meshctl:
        made.file.write_text(f"services:\n{services}".replace("IMAGE", image))
        return made

    yield write
    made.file.write_text(f"services:\n  none: {{image: {image}}}\n")
    made("down", "-v")


WELL = '  well: {image: IMAGE, command: [sleep, "600"]}\n'


def running(engine: docker.DockerClient) -> set[str]:
    containers = engine.containers.list(filters={"label": "dev.meshctl.project=meshctl-e2e-bad"})
    return {container.labels["dev.meshctl.service"] for container in containers}


def test_a_port_in_use_is_named(project: Project, engine: docker.DockerClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        clash = f"  web: {{image: IMAGE, command: [sleep, '9'], ports: [{{name: a, target: 80, published: {port}}}]}}\n"
        answer = project(WELL + clash)("up", code=1)
    assert str(port) in answer.err
    assert "web" in answer.err
    assert running(engine) == {"well"}


def test_an_image_that_cannot_be_had(project: Project, engine: docker.DockerClient) -> None:
    answer = project(WELL + "  web: {image: localhost:1/no-such-image:1}\n")("up", code=3)
    assert "no-such-image" in answer.err
    assert "hint:" in answer.err
    assert running(engine) == {"well"}


def test_a_service_that_dies_shows_its_last_words_and_releases_nobody(
    project: Project, engine: docker.DockerClient
) -> None:
    dying = "  db: {image: IMAGE, command: [python3, -c, \"import sys; print('no disk left'); sys.exit(7)\"]}\n"
    needy = "  web: {image: IMAGE, command: [sleep, '600'], depends_on: {db: {condition: service_healthy}}}\n"
    answer = project(WELL + dying + needy)("up", code=1)
    assert "no disk left" in answer.err
    assert "7" in answer.err.split("error:")[1].splitlines()[0]
    assert running(engine) == {"well"}


def test_a_service_that_never_gets_ready_times_out(project: Project) -> None:
    deaf = (
        "  web:\n    image: IMAGE\n    command: [sleep, '600']\n"
        "    ports: [{name: http, target: 80, app_protocol: http}]\n    healthcheck: {http: /}\n"
    )
    answer = project(deaf)("up", "--timeout", "3s", code=4)
    assert "web-1 is not ready" in answer.err


def test_running_out_of_memory_is_told(project: Project) -> None:
    hungry = '  web:\n    image: IMAGE\n    mem_limit: 24m\n    command: [python3, -c, "b = bytearray(400 * 2**20)"]\n'
    assert "out of memory" in project(hungry)("up", code=1).err


def test_a_job_that_exits_0_is_done_and_not_run_again(project: Project) -> None:
    meshctl = project(
        "  job: {image: IMAGE, command: ['true']}\n"
        "  web:\n    image: IMAGE\n    command: [sleep, '600']\n"
        "    depends_on: {job: {condition: service_completed_successfully}}\n"
    )
    meshctl("up")
    assert {name: row["health"] for name, row in meshctl.ps().items()} == {"job": "done", "web": "healthy"}
    again = meshctl("up")
    assert "nothing to do" in again.err


def test_only_a_changed_service_is_recreated(project: Project, engine: docker.DockerClient) -> None:
    two = WELL + "  web: {image: IMAGE, command: [sleep, '600'], environment: {LEVEL: info}}\n"
    meshctl = project(two)
    meshctl("up")
    before = {name: row["instances"][0]["started_at"] for name, row in meshctl.ps().items()}
    project(two.replace("LEVEL: info", "LEVEL: debug"))
    assert "environment.LEVEL" in meshctl("up", "--dry-run").out
    meshctl("up")
    after = {name: row["instances"][0]["started_at"] for name, row in meshctl.ps().items()}
    assert after["well"] == before["well"]
    assert after["web"] > before["web"]
