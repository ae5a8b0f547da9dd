"""The cause comes first, soon after it happened: on the bundled stack, and on small projects that break on purpose."""

from __future__ import annotations

import subprocess
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.command import Meshctl, eventually
from tests.images import base_image

pytestmark = pytest.mark.e2e

#: A cause is named this many seconds after it happened.
WITHIN_S = 2.0

Finding = dict[str, Any]


def first(meshctl: Meshctl, kind: str, service: str, *, within: float = WITHIN_S) -> Finding:
    """The first finding as soon as it is this one."""

    def look() -> Finding | None:
        found = meshctl("why", "--json").json
        return found[0] if found and (found[0]["kind"], found[0]["service"]) == (kind, service) else None

    return eventually(look, within=within, what=f"{service} {kind} comes first")


def suffering(meshctl: Meshctl, kind: str, service: str, victims: set[str]) -> Finding:
    """The first finding as soon as all of these fail through it."""

    def look() -> Finding | None:
        found = meshctl("why", "--json").json
        return found[0] if found and victims <= set(found[0]["victims"]) else None

    told = eventually(look, within=20, what=f"{victims} fail through {service}")
    assert (told["service"], told["kind"]) == (service, kind)
    return told


@contextmanager
def restored(stack: Meshctl, *mend: str) -> Iterator[None]:
    """Whatever happens to the stack inside, it is well afterwards."""
    try:
        yield
    finally:
        stack(*mend, code=None)
        stack("up", timeout=300)
        eventually(lambda: stack("why", "--json").json == [], within=60, what="nothing is wrong any more")


def test_a_stack_that_is_well_has_no_findings(stack: Meshctl) -> None:
    assert eventually(lambda: stack("why", "--json").json == [], within=30, what="nothing is wrong")


def test_redis_stopped(stack: Meshctl) -> None:
    with restored(stack, "start", "redis"):
        stack("stop", "redis")
        told = first(stack, "stopped", "redis")
        assert told["by"] == "you"
        assert told["mend"] == "meshctl start redis"
        assert "users" not in suffering(stack, "stopped", "redis", {"worker", "notifications"})["victims"]


def test_redis_stopped_past_meshctl(stack: Meshctl, engine: docker.DockerClient) -> None:
    with restored(stack, "start", "redis"):
        engine.containers.get(f"{stack.project}-redis-1").stop(timeout=2)
        assert first(stack, "stopped", "redis")["by"] == ""


def test_postgres_paused(stack: Meshctl) -> None:
    with restored(stack, "unpause", "postgres"):
        before = time.time()
        stack("pause", "postgres")
        after = time.time()
        told = first(stack, "paused", "postgres")
        assert told["mend"] == "meshctl unpause postgres"
        assert before <= told["since"] <= after
        suffering(stack, "paused", "postgres", {"users", "orders", "inventory"})


def test_the_registry_stopped_is_to_blame_for_all_that_it_does_not_say(stack: Meshctl) -> None:
    with restored(stack, "start", "consul"):
        stack("stop", "consul")
        first(stack, "stopped", "consul")
        services = {"users", "orders", "inventory", "notifications", "worker", "echo"}
        suffering(stack, "stopped", "consul", services)
        assert len(stack("why", "--json").json) == 1


def test_a_service_in_maintenance(stack: Meshctl) -> None:
    def maintain(enable: str) -> None:
        url = f"http://{address}/v1/agent/service/maintenance/inventory-1?enable={enable}&reason=stocktaking"
        urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=5).close()

    address = stack.ps()["consul"]["instances"][0]["ports"]["http"]
    with restored(stack, "ps"):
        maintain("true")
        try:
            told = first(stack, "maintenance", "inventory")
            assert any("stocktaking" in fact for fact in told["evidence"])
        finally:
            maintain("false")


@pytest.fixture
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Meshctl]]:
    """Makes a project of one file; it is removed afterwards."""
    made: list[Meshctl] = []

    def make(services: str) -> Meshctl:
        file = tmp_path / "meshctl.yaml"
        file.write_text(f"name: small\n{textwrap.dedent(services)}")
        made.append(Meshctl("meshctl-e2e-why", file))
        made[0]("down", "-v")
        return made[0]

    yield make
    for meshctl in made:
        meshctl("down", "-v")


@contextmanager
def going_up(meshctl: Meshctl) -> Iterator[subprocess.Popen[str]]:
    """``up`` beside what is done inside; it has ended afterwards."""
    with meshctl.start("up", "--timeout", "30s") as up:
        try:
            yield up
        finally:
            up.communicate(timeout=60)


HUNGRY = """
    services:
      hungry:
        image: {image}
        command: [python3, -c, "import time; time.sleep(1); held = [bytearray(2**20) for _ in range(400)]"]
        mem_limit: 32m
        restart: "{restart}"
"""


@pytest.mark.parametrize("restart", ["no", "always"])
def test_out_of_memory(small: Callable[[str], Meshctl], engine: docker.DockerClient, restart: str) -> None:
    meshctl = small(HUNGRY.format(image=base_image("MESH_PYTHON_BASE"), restart=restart))

    def has_died() -> bool:
        try:
            state = engine.containers.get(f"{meshctl.project}-hungry-1").attrs
        except docker.errors.NotFound:
            return False
        return bool(state["RestartCount"] > 0 or state["State"]["OOMKilled"])

    with going_up(meshctl):
        eventually(has_died, within=30, what="it runs out of memory")
        assert first(meshctl, "out_of_memory", "hungry")["evidence"]
    told = first(meshctl, "out_of_memory", "hungry")
    assert "memory" in told["sentence"] and "mem_limit" in told["mend"]


POOL = """
    services:
      pool:
        image: {image}
        command:
          - python3
          - -c
          - |
            import subprocess, time
            time.sleep(2)
            subprocess.run(["python3", "-c", "held = [bytearray(2**20) for _ in range(400)]"])
            time.sleep(1000)
        mem_limit: 32m
        stop_grace_period: 1s
"""


def test_a_process_that_dies_of_memory_while_its_instance_runs_on(small: Callable[[str], Meshctl]) -> None:
    meshctl = small(POOL.format(image=base_image("MESH_PYTHON_BASE")))
    meshctl("up", "--timeout", "60s")
    told = first(meshctl, "out_of_memory", "pool", within=20)
    assert any("a process in it was killed" in fact for fact in told["evidence"])


ALONE = """
    services:
      store:
        image: {image}
        command: [python3, -m, http.server, "8000"]
        stop_grace_period: 1s
        ports: [{{name: http, target: 8000, app_protocol: http}}]
        healthcheck:
          test: [CMD, python3, -c, "import socket; socket.create_connection(('127.0.0.1', 8000))"]
          interval: 1s
      caller:
        image: {image}
        command: [sleep, "1000"]
        stop_grace_period: 1s
        depends_on: {{store: {{condition: service_healthy}}}}
        healthcheck:
          test: [CMD, python3, -c, "import socket; socket.create_connection(('store', 8000), 1)"]
          interval: 1s
          retries: 1
"""


def test_what_is_taken_off_its_network_is_the_cause_and_its_mend_mends(
    small: Callable[[str], Meshctl], engine: docker.DockerClient
) -> None:
    """Its own check passes inside all the while."""
    meshctl = small(ALONE.format(image=base_image("MESH_PYTHON_BASE")))
    meshctl("up", "--timeout", "60s")
    engine.networks.get(f"{meshctl.project}_default").disconnect(f"{meshctl.project}-store-1")
    first(meshctl, "cut_off", "store")
    told = suffering(meshctl, "cut_off", "store", {"caller"})
    program, *mend = told["mend"].split()
    assert program == "meshctl"
    meshctl(*mend)
    eventually(lambda: meshctl("why", "--json").json == [], within=20, what="nothing is wrong any more")


WRONG_PORT = """
    services:
      web:
        image: {image}
        command: [python3, -m, http.server, "9000"]
        ports: [{{name: http, target: 8000, app_protocol: http}}]
        healthcheck: {{http: /, port: http, interval: 500ms, timeout: 1s, retries: 2, start_period: 6s}}
"""


def test_a_wrong_port_is_a_start_that_fails(small: Callable[[str], Meshctl], engine: docker.DockerClient) -> None:
    meshctl = small(WRONG_PORT.format(image=base_image("MESH_PYTHON_BASE")))

    def runs() -> bool:
        return bool(engine.containers.list(filters={"name": f"{meshctl.project}-web-1", "status": "running"}))

    with going_up(meshctl) as up:
        eventually(runs, within=30, what="it runs")
        first(meshctl, "starting", "web")
    assert up.returncode == 1
    told = first(meshctl, "failed", "web", within=10)
    assert "healthcheck" in told["mend"]


STORE = """
    services:
      postgres:
        image: {image}
        environment: {{POSTGRES_PASSWORD: postgres}}
        volumes: ["pgdata:/var/lib/postgresql/data"]
        healthcheck:
          test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, postgres]
          interval: 1s
          start_period: 20s
    volumes:
      pgdata: {{external: true, name: {volume}}}
"""


@pytest.fixture
def little_room(engine: docker.DockerClient) -> Iterator[str]:
    """The name of a volume that holds 96 MiB."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": "size=96m"}
    volume = engine.volumes.create("meshctl-e2e-why-little", driver="local", driver_opts=options)
    yield volume.name
    volume.remove(force=True)


def test_a_full_disk(little_room: str, small: Callable[[str], Meshctl], engine: docker.DockerClient) -> None:
    meshctl = small(STORE.format(image=base_image("MESH_POSTGRES_IMAGE"), volume=little_room))
    meshctl("up", "--timeout", "60s")
    assert meshctl("why", "--json").json == []
    container = engine.containers.get(f"{meshctl.project}-postgres-1")
    container.exec_run(["sh", "-c", "dd if=/dev/zero of=/var/lib/postgresql/data/fill bs=1M"])
    told = first(meshctl, "disk_full", "postgres")
    assert any(little_room in fact for fact in told["evidence"])
