"""A command inside a container, over either wire: what is asked, what comes back, and how it fails."""

from __future__ import annotations

import asyncio
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
from meshctl.errors import CommandLeft, DeadlineExceeded, NotFound, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import ExecResult
from tests.adapters.docker.fake_server import send_json, serving

VERSION = {"ApiVersion": "1.41", "Version": "20.10.24"}


class Engine:
    """Runs one command: its ``output`` comes in frames, its exit code is noted at the second question.

    It ``ends`` at once, or when it is cleared, with the second command that comes.
    """

    def __init__(self, *output: bytes, refusal: int = 0, shell: bool = True, code: int = 3) -> None:
        self.output = output
        self.refusal = refusal
        self.shell = shell
        self.code = code
        self.posted: dict[str, Any] = {}
        self.commands: list[list[str]] = []
        self.running: dict[str, Any] = {}
        self.inspected = 0
        self.told = threading.Event()
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
            self.commands.append(self.posted[path]["Cmd"])
            send_json(handler, {"Id": f"e{len(self.commands)}"}, 201)
        elif path == "/containers/c1/json":
            send_json(handler, {"ExecIDs": [path.split("/")[2] for path in self.running] or None})
        elif path in self.running:
            send_json(handler, self.running[path])
        elif path.endswith("/start"):
            self._start(handler, self.commands[-1])
        else:
            self.inspected += 1
            absent = not self.shell and len(self.commands) == 1
            send_json(handler, {"Running": self.inspected < 2, "ExitCode": 126 if absent else self.code})

    def _start(self, handler: BaseHTTPRequestHandler, command: list[str]) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        if command[0] != "/bin/sh":
            self._write(handler, *self.output)
        elif not self.shell:
            self._write(handler, b'OCI runtime exec failed: "/bin/sh": no such file\r\n')
        elif command[3] == "end":
            self.ends.set()
        else:
            self._write(handler, b"4", b"", b"2\nto ", *self.output)
            self.told.set()
        self.ends.wait(20)

    def _write(self, handler: BaseHTTPRequestHandler, *output: bytes) -> None:
        for number, payload in enumerate(output):
            handler.wfile.write(struct.pack(">BxxxL", 1 + number % 2, len(payload)) + payload)


def socket_wire(client: Client) -> Wire:
    return SocketWire(client.address)


WIRES = pytest.mark.parametrize("wire", [socket_wire, ClientWire])
Open = Callable[[Client], Wire]


async def run(address: Address, wire: Open, timeout_s: float = 5.0, times: int = 1) -> ExecResult:
    client = Client(address)
    try:
        inside = DockerExec(client, wire(client))
        for _ in range(times):
            result = await inside.run("c1", ["pg_isready", "-q"], timeout_s)
        return result
    finally:
        await client.close()


@WIRES
async def test_output_and_exit_code_come_back(tmp_path: Path, wire: Open) -> None:
    """The pid that the command tells first, in pieces here, is no part of its output."""
    engine = Engine(b"to stderr\n", b"stdout\n")
    with serving(tmp_path, engine) as address:
        assert await run(address, wire) == ExecResult(3, "to to stderr\nstdout\n", "to stderr\n")
    (command,) = engine.commands
    assert (command[:2], command[4:]) == (["/bin/sh", "-c"], ["pg_isready", "-q"])
    attached = {"Cmd": command, "AttachStdin": False, "AttachStdout": True, "AttachStderr": True}
    assert engine.posted["/containers/c1/exec"] == {**attached, "Tty": False}
    assert engine.posted["/exec/e1/start"] == {"Detach": False, "Tty": False}


@WIRES
async def test_a_container_without_a_shell_is_remembered(tmp_path: Path, wire: Open) -> None:
    engine = Engine(b"ready\n", shell=False, code=0)
    with serving(tmp_path, engine) as address:
        assert await run(address, wire, times=2) == ExecResult(0, "ready\n")
    assert [command[0] for command in engine.commands] == ["/bin/sh", "pg_isready", "pg_isready"]


@WIRES
async def test_what_could_not_be_started_is_said_in_plain_words(tmp_path: Path, wire: Open) -> None:
    words = b'OCI runtime exec failed: exec failed: unable to start: exec: "pg_isready": executable file not found\r\n'
    with serving(tmp_path, Engine(words, shell=False, code=126)) as address:
        assert await run(address, wire) == ExecResult(126, "there is no `pg_isready` in its image")


async def test_without_a_shell_none_is_started_beside_an_equal_one(tmp_path: Path) -> None:
    engine = Engine(shell=False)
    process = {"entrypoint": "pg_isready", "arguments": ["-q"]}
    engine.running["/exec/other/json"] = {"Running": True, "ProcessConfig": process}
    with serving(tmp_path, engine) as address, pytest.raises(CommandLeft, match=r"an earlier `pg_isready -q` still"):
        await run(address, socket_wire, 0.2)
    assert [command[0] for command in engine.commands] == ["/bin/sh"]


async def test_without_a_shell_one_beside_another_process_waits_for_its_end(tmp_path: Path) -> None:
    engine = Engine(shell=False, code=0)
    ended = {"Running": False, "ProcessConfig": {"entrypoint": "pg_isready", "arguments": ["-q"]}}
    other = {"Running": True, "ProcessConfig": {"entrypoint": "sleep", "arguments": ["9"]}}
    engine.running = {"/exec/ended/json": ended, "/exec/other/json": other}
    with serving(tmp_path, engine) as address:
        assert (await run(address, socket_wire)).exit_code == 0


@WIRES
@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (409, OperationFailed)])
async def test_a_refusal_keeps_dockers_words(tmp_path: Path, wire: Open, status: int, kind: type[Exception]) -> None:
    with serving(tmp_path, Engine(refusal=status)) as address, pytest.raises(kind, match="not now"):
        await run(address, wire)


@WIRES
async def test_a_command_that_hangs_is_ended_inside(tmp_path: Path, wire: Open) -> None:
    engine = Engine(b"begun", code=137)
    engine.ends.clear()
    words = r"`pg_isready -q` did not end within 0\.2 s\.$"
    with serving(tmp_path, engine) as address, pytest.raises(DeadlineExceeded, match=words):
        await run(address, wire, 0.2)
    _, ending = engine.commands
    assert (ending[:2], ending[3:]) == (["/bin/sh", "-c"], ["end", "42"])


async def test_a_command_whose_asker_is_cancelled_twice_is_ended_inside(tmp_path: Path) -> None:
    engine = Engine(b"begun", code=137)
    engine.ends.clear()
    with serving(tmp_path, engine) as address:
        running = asyncio.ensure_future(run(address, socket_wire, 20.0))
        await asyncio.to_thread(engine.told.wait, 20)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert engine.commands[1][3:] == ["end", "42"]


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
