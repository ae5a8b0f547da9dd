"""What a command does not need, it does not load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREEN = {"textual", "rich"}
CLIENTS = {"docker", "requests", "httpx", "consul", "prometheus_client", "opentelemetry"}

_RUN = """
import sys
from meshctl.cli.main import main
code = main(sys.argv[1:])
import json
sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded(tmp_path: Path, *argv: str) -> set[str]:
    """Top-level modules in the process after the command ran, with no engine to be found."""
    return {name.partition(".")[0] for name in modules(tmp_path, *argv)}


def modules(tmp_path: Path, *argv: str) -> set[str]:
    """All of them by their full names."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *argv],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


FILE = ("-f", str(ROOT / "meshctl.yaml"))


@pytest.mark.parametrize("argv", [("--help",), ("--version",), (*FILE, "ps"), (*FILE, "call", "users", "GET", "/")])
def test_no_command_but_the_app_loads_the_screen(tmp_path: Path, argv: tuple[str, ...]) -> None:
    assert not loaded(tmp_path, *argv) & SCREEN


def test_help_loads_no_client_and_no_event_loop(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "--help") & (CLIENTS | {"grpc", "yaml", "asyncio"})


@pytest.mark.parametrize("more", [(), ("--trace",)])
def test_an_http_call_loads_no_client_and_no_event_loop(tmp_path: Path, more: tuple[str, ...]) -> None:
    words = ("call", "users", "GET", "/users/1", *more)
    assert not loaded(tmp_path, *FILE, *words) & (CLIENTS | SCREEN | {"grpc", "google", "asyncio"})


def test_a_call_that_is_not_traced_reads_and_draws_no_trace(tmp_path: Path) -> None:
    drawing = {"meshctl.adapters.collector.reader", "meshctl.core.traces.waterfall", "meshctl.present.waterfall"}
    assert not modules(tmp_path, *FILE, "call", "users", "GET", "/") & drawing


@pytest.mark.parametrize("action", [(), ("show",), ("diff", "a", "b"), ("export",), ("pin", "a")])
def test_traces_loads_no_client_and_no_event_loop(tmp_path: Path, action: tuple[str, ...]) -> None:
    assert not loaded(tmp_path, *FILE, "traces", *action) & (CLIENTS | SCREEN | {"grpc", "google", "asyncio"})


def test_a_grpc_call_loads_no_client(tmp_path: Path) -> None:
    assert not loaded(tmp_path, *FILE, "call", "users", "users.v1.UserService/GetUser") & CLIENTS


@pytest.mark.parametrize("argv", [("ps",), ("call", "users", "GET", "/")])
def test_a_whole_file_loads_nothing_that_is_for_another(tmp_path: Path, argv: tuple[str, ...]) -> None:
    others = {"meshctl.cli.recovered", "meshctl.core.config.from_labels", "meshctl.core.config.known"}
    assert not modules(tmp_path, *FILE, *argv) & others


@pytest.mark.parametrize("command", ["ps", "why"])
def test_a_look_loads_no_docker_client(tmp_path: Path, command: str) -> None:
    assert not loaded(tmp_path, *FILE, command) & {"docker", "consul", "grpc"}
