"""A command inside a container, over either wire: what is asked, what comes back, and how it fails."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.client import Client, ClientWire
from meshctl.adapters.docker.execute import DockerExec
from meshctl.adapters.docker.wire import SocketWire, Wire
from meshctl.errors import DeadlineExceeded, NotFound, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import ExecResult
from tests.adapters.docker.fake_server import send_json, serving

VERSION = {"ApiVersion": "1.41", "Version": "20.10.24"}


class Engine:
    """Runs one command: its ``output`` comes in frames, its exit code is noted at the second question."""

    def __init__(self, *output: bytes, refusal: int = 0) -> None:
        self.output = output
        self.refusal = refusal
        self.posted: dict[str, Any] = {}
        self.inspected = 0
        self.ends = threading.Event()
        self.ends.set()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.removeprefix("/v1.41")
        if handler.command == "POST":
            self.posted[path] = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if path == "/version":
            send_json(handler, VERSION)
        elif self.refusal:
            send_json(handler, {"message": "not now"}, self.refusal)
        elif path == "/containers/c1/exec":
            send_json(handler, {"Id": "e1"}, 201)
        elif path == "/exec/e1/start":
            handler.send_response(200)
            handler.end_headers()
            for number, payload in enumerate(self.output):
                handler.wfile.write(struct.pack(">BxxxL", 1 + number % 2, len(payload)) + payload)
            self.ends.wait(20)
            handler.close_connection = True
        else:
            self.inspected += 1
            send_json(handler, {"Running": self.inspected < 2, "ExitCode": 3})


def socket_wire(client: Client) -> Wire:
    return SocketWire(client.address)


WIRES = pytest.mark.parametrize("wire", [socket_wire, ClientWire])
Open = Callable[[Client], Wire]


async def run(address: Address, wire: Open, timeout_s: float = 5.0) -> ExecResult:
    client = Client(address)
    try:
        return await DockerExec(client, wire(client)).run("c1", ["pg_isready", "-q"], timeout_s)
    finally:
        await client.close()


@WIRES
async def test_output_and_exit_code_come_back(tmp_path: Path, wire: Open) -> None:
    engine = Engine(b"to stdout\n", b"to stderr\n")
    with serving(tmp_path, engine) as address:
        assert await run(address, wire) == ExecResult(3, "to stdout\nto stderr\n")
    wanted = {"Cmd": ["pg_isready", "-q"], "AttachStdin": False, "AttachStdout": True, "AttachStderr": True}
    assert engine.posted["/containers/c1/exec"] == {**wanted, "Tty": False}
    assert engine.posted["/exec/e1/start"] == {"Detach": False, "Tty": False}


@WIRES
@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (409, OperationFailed)])
async def test_a_refusal_keeps_dockers_words(tmp_path: Path, wire: Open, status: int, kind: type[Exception]) -> None:
    with serving(tmp_path, Engine(refusal=status)) as address, pytest.raises(kind, match="not now"):
        await run(address, wire)


@WIRES
async def test_a_command_that_hangs_is_given_up(tmp_path: Path, wire: Open) -> None:
    engine = Engine(b"begun")
    engine.ends.clear()
    with serving(tmp_path, engine) as address:
        with pytest.raises(DeadlineExceeded, match=r"`pg_isready -q` did not end within 0\.2 s"):
            await run(address, wire, 0.2)
        engine.ends.set()


async def test_an_engine_that_is_gone_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable):
        await run(Address(f"unix://{tmp_path}/none.sock", chosen=True), socket_wire)


def test_a_check_inside_a_container_loads_no_client(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from meshctl.adapters.docker.runtime import DockerRuntime;"
        "print(asyncio.run(DockerRuntime().exec.run('c1', ['true'], 5)).exit_code);"
        "print([n for n in ('docker', 'requests', 'urllib3', 'http.client') if n in sys.modules])"
    )
    with serving(tmp_path, Engine()) as address:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            env={"DOCKER_HOST": address.url, "PYTHONPATH": ":".join(sys.path)},
        )
    assert done.stdout.split("\n")[:2] == ["3", "[]"], done.stderr
