"""Checks of real containers: what they say of one that listens where nobody comes, and what they leave inside."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import NamedTuple

import docker
import pytest
from docker.api.client import APIClient

from meshctl.adapters.docker.runtime import DockerRuntime
from meshctl.adapters.probe.prober import NetworkProber
from meshctl.model.config import CheckKind, HealthCheck, PortSpec, ServiceSpec
from meshctl.model.containers import LABEL_INSTANCE, LABEL_PORTS, LABEL_PROJECT, LABEL_SERVICE, Container
from meshctl.model.status import ProbeProblem
from tests.adapters.contract_runtime import WAIT_S, eventually
from tests.images import base_image

pytestmark = pytest.mark.docker

SPEC = ServiceSpec("web", ports=(PortSpec("http", 8000),))
SERVER = """
import socket, sys
sockets = []
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host.startswith("only"):
        host = host.removeprefix("only")
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    elif made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind((host, int(port)))
    made.listen()
    sockets.append(made)
print("listening", flush=True)
while True:
    peer, _ = sockets[0].accept()
    peer.recv(10)
    peer.close()
"""


class Case(NamedTuple):
    addresses: tuple[str, ...]
    problem: ProbeProblem
    words: str


CASES = {
    "IPv4 loopback": Case(("127.0.0.1:8000",), ProbeProblem.LOCAL_ONLY, "it listens on 127.0.0.1 only"),
    "IPv6 loopback": Case(("::1:8000",), ProbeProblem.LOCAL_ONLY, "it listens on ::1 only"),
    "IPv6 only": Case(("only:::8000",), ProbeProblem.LOCAL_ONLY, "it listens over IPv6 only ([::]:8000)"),
    "another port": Case(("0.0.0.0:9000",), ProbeProblem.OTHER_PORT, "it listens on 9000, not on 8000"),
    "both wrong": Case(("127.0.0.1:5000",), ProbeProblem.OTHER_PORT, "it listens on 127.0.0.1:5000, not on 8000"),
    "nothing": Case((), ProbeProblem.CLOSED, "nothing listens there"),
}


@pytest.fixture
def api() -> Iterator[APIClient]:
    client = docker.from_env()
    yield client.api
    client.close()


@pytest.fixture
def project(api: APIClient) -> Iterator[str]:
    name = f"ctr-listening-{secrets.token_hex(4)}"
    yield name
    for found in api.containers(all=True, filters={"label": f"{LABEL_PROJECT}={name}"}):
        api.remove_container(found["Id"], force=True)


async def listening(runtime: DockerRuntime, api: APIClient, project: str, *addresses: str) -> Container:
    """A container whose server listens on these addresses, and hangs up on whoever comes to the first."""
    labels = {
        LABEL_PROJECT: project,
        LABEL_SERVICE: "web",
        LABEL_INSTANCE: "1",
        LABEL_PORTS: '[{"name":"http","target":8000,"app_protocol":"http"}]',
    }
    host = api.create_host_config(
        init=True, port_bindings={8000: ("127.0.0.1", None)}, sysctls={"net.ipv6.conf.all.disable_ipv6": "0"}
    )
    command = ["python3", "-c", SERVER, *addresses] if addresses else ["sh", "-c", "echo listening; exec sleep 600"]
    container_id = api.create_container(
        base_image("MESH_PYTHON_BASE"), command, labels=labels, host_config=host, ports=[8000]
    )["Id"]
    api.start(container_id)

    async def ready() -> bool:
        return b"listening" in await asyncio.to_thread(api.logs, container_id)

    await eventually(ready)
    (container,) = (await runtime.observe(project)).containers
    return container


@pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.GRPC, CheckKind.TCP])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_check_says_what_is_listened_on_inside(
    api: APIClient, project: str, kind: CheckKind, case: Case
) -> None:
    runtime = DockerRuntime()
    try:
        container = await listening(runtime, api, project, *case.addresses)
        prober = NetworkProber(runtime.exec.run)
        check = HealthCheck(kind, port="http", timeout_s=5.0)
        async with asyncio.timeout(WAIT_S):
            while True:
                result = await prober.probe(SPEC, check, container)
                if result.problem is not ProbeProblem.CLOSED or "nothing listens there" in result.detail:
                    break
    finally:
        await runtime.close()
    assert case.words in result.detail
    assert (result.ok, result.problem, result.expected) == (False, case.problem, "8000")
    assert len(result.detail) <= 120


async def test_what_is_reached_and_hangs_up_is_not_out_of_reach(api: APIClient, project: str) -> None:
    """As one does that listens on ``[::]`` for TLS and hears plain words."""
    runtime = DockerRuntime()
    try:
        container = await listening(runtime, api, project, ":::8000")
        prober = NetworkProber(runtime.exec.run)
        async with asyncio.timeout(WAIT_S):
            while not (
                result := await prober.probe(SPEC, HealthCheck(CheckKind.HTTP, port="http"), container)
            ).listening:
                pass
    finally:
        await runtime.close()
    assert (result.problem, result.listening) == (ProbeProblem.CLOSED, ("[::]:8000",))


async def test_a_check_that_hangs_leaves_nothing(api: APIClient, project: str) -> None:
    """Whoever asks, however often: one runs at a time for each that asks on its own."""
    here, elsewhere = DockerRuntime(), DockerRuntime()
    check = HealthCheck(CheckKind.TEST, test=("sleep", "1000"), timeout_s=0.5)
    spec = ServiceSpec("web", healthcheck=check)
    try:
        container = await listening(here, api, project)
        first, second = NetworkProber(here.exec.run), NetworkProber(elsewhere.exec.run)
        before = len(api.top(container.id)["Processes"])
        async with asyncio.timeout(WAIT_S):
            for _ in range(3):
                asked = [prober.probe(spec, check, container) for prober in (first, first, first, second)]
                running = asyncio.gather(*asked)
                most = 0
                while not running.done():
                    titles = await asyncio.to_thread(lambda: api.top(container.id)["Processes"])
                    most = max(most, sum(row[-1] == "sleep 1000" for row in titles))
                results = await running
                assert results[0].detail == "`sleep 1000` did not end within 0.5 s"
                assert {result.problem for result in results} == {ProbeProblem.SILENT}
                assert most <= 2
                assert len(api.top(container.id)["Processes"]) == before
    finally:
        await here.close()
        await elsewhere.close()
