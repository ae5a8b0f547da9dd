"""The collector as a process: its ports, its signals, its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from meshctl.collector.options import CollectorOptions, Listening
from meshctl.collector.server import serving
from meshctl.errors import MeshError, PortInUse
from tests.collector.conftest import HOST
from tests.collector.otlp import TRACE, body, span

#: Seconds after which something hangs; nothing is judged by them.
HANGS_S = 30

_PORTS = re.compile(r"otlp/grpc (\d+), otlp/http (\d+), query (\d+)")

Start = Callable[..., tuple["subprocess.Popen[str]", Listening]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Run the command; what is still running at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def run(*words: str) -> tuple[subprocess.Popen[str], Listening]:
        ports = ["--grpc-port", "0", "--http-port", "0", "--query-port", "0"]
        argv = [sys.executable, "-m", "meshctl", "collector", *ports, *words]
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stderr is not None
        listening = _PORTS.search(process.stderr.readline())
        assert listening, process.stderr.read()
        return process, Listening(*map(int, listening.groups()))

    yield run
    for process in running:
        process.kill()
        process.communicate()


def send(ports: Listening, sent: bytes) -> httpx.Response:
    headers = {"content-type": "application/x-protobuf"}
    return httpx.post(f"http://{HOST}:{ports.http_port}/v1/traces", content=sent, headers=headers, trust_env=False)


def read(ports: Listening, path: str) -> httpx.Response:
    return httpx.get(f"http://{HOST}:{ports.query_port}{path}", trust_env=False)


def written(folder: Path, text: bytes) -> None:
    """Return when a file of the store holds this text; fail when none ever does."""
    deadline = time.monotonic() + HANGS_S
    while not any(text in file.read_bytes() for file in folder.iterdir()):
        assert time.monotonic() < deadline, "it was never written"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_also_while_somebody_listens(start: Start, number: signal.Signals) -> None:
    process, ports = start()
    url = f"http://{HOST}:{ports.query_port}/v1/changes"
    with httpx.Client(trust_env=False) as client, client.stream("GET", url) as answer:
        lines = answer.iter_lines()
        next(lines)
        process.send_signal(number)
        assert process.wait(HANGS_S) == 0
        assert list(lines) == []


def test_killed_and_started_again_with_a_store_it_knows_what_it_was_told(start: Start, tmp_path: Path) -> None:
    store = str(tmp_path / "traces.db")
    process, ports = start("--store", store)
    assert send(ports, body(span(1), span(2, 1))).status_code == 200
    before = read(ports, f"/v1/traces/{TRACE}?settle_ms=2000").content
    process.send_signal(signal.SIGTERM)
    assert process.wait(HANGS_S) == 0
    process, ports = start("--store", store)
    assert read(ports, f"/v1/traces/{TRACE}").content == before
    assert send(ports, body(span(3, 1))).status_code == 200
    written(tmp_path, b"work 3")
    process.kill()
    process.wait(HANGS_S)
    _, ports = start("--store", store)
    assert read(ports, "/v1/status").json()["spans"] == 3


def test_a_taken_port_is_said_with_a_hint_and_exit_1() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        for name in ("grpc", "http", "query"):
            others = [word for other in ("grpc", "http", "query") if other != name for word in (f"--{other}-port", "0")]
            argv = [sys.executable, "-m", "meshctl", "collector", f"--{name}-port", port, *others]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
            assert done.returncode == 1
            assert port in done.stderr and f"--{name}-port" in done.stderr and "Traceback" not in done.stderr


async def test_a_second_collector_on_the_same_ports_does_not_start() -> None:
    options = CollectorOptions(grpc_port=0, http_port=0, query_port=0)
    async with serving(options) as ports:
        for name in ("grpc_port", "http_port", "query_port"):
            again = {"grpc_port": 0, "http_port": 0, "query_port": 0, name: getattr(ports, name)}
            with pytest.raises(PortInUse):
                async with serving(CollectorOptions(**again)):
                    pass


async def test_an_address_that_is_not_here_is_said() -> None:
    with pytest.raises(MeshError, match=r"192\.0\.2\.1"):
        async with serving(CollectorOptions(host="192.0.2.1", grpc_port=0, http_port=0, query_port=0)):
            pass


async def test_it_listens_on_ipv6_too() -> None:
    options = CollectorOptions(host="::1", grpc_port=0, http_port=0, query_port=0)
    async with serving(options) as ports, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://[::1]:{ports.query_port}/health")).status_code == 200
