"""A service, a registry and a collector that say what a terminal would obey: nothing of it arrives at a real one."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from meshctl.adapters.otlp.encode import request_json
from meshctl.model.containers import LABEL_INSTANCE, LABEL_KIND, LABEL_PROJECT, LABEL_SERVICE
from meshctl.model.spans import SpanEvent, SpanKind
from tests.e2e.command import ROOT, Meshctl, eventually
from tests.e2e.terminal import Terminal
from tests.hostile import BIDI, obeyed
from tests.images import base_image
from tests.spans import TRACE, span

pytestmark = pytest.mark.e2e

PROJECT = "meshctl-e2e-hostile"
#: A title, the clipboard, cursor movements and questions with a number that nobody else uses, C1, directions.
PAYLOAD = (
    "pwned\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x1b\\\x1b[31337;42H\x1b[31337n\x1bP31337\x1b\\\x9b31337n\x9d0;pwned\x9c"
    f"{BIDI}\u200b\u2028\x00\x7f\x0b注文\r\nnext\x1bc"
)
SERVER = """
import http.server, json, os, sys
payload = json.loads(os.environ["SAID"])
print(payload, flush=True)
print(payload, file=sys.stderr, flush=True)
sys.stdout.buffer.write(b"bytes \\xff\\xfe\\x1b[31337m\\n"); sys.stdout.flush()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = payload.encode()
        self.send_response(int(os.environ["STATUS"]))
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""


def compose(image: str, consul: str) -> dict[str, Any]:
    """The project's file, as JSON, which YAML contains."""
    said = {"SAID": json.dumps(PAYLOAD).replace("$", "$$"), "PYTHONIOENCODING": "utf-8"}
    service = {
        "image": image,
        "command": ["python3", "-u", "-c", SERVER],
        "ports": [{"name": "http", "target": 8000, "app_protocol": "http"}],
        "labels": {"org.example.said": PAYLOAD.replace("\x00", "")},
        "stop_grace_period": "1s",
    }
    http = {"name": "http", "target": 8500, "app_protocol": "http"}
    query = {"name": "http", "target": 16686, "app_protocol": "http"}
    otlp = {"name": "otlp-http", "target": 4318, "app_protocol": "http"}
    return {
        "name": PROJECT,
        "registry": "consul",
        "collector": "collector",
        "services": {
            "ill": {
                **service,
                "environment": {**said, "STATUS": "503"},
                "healthcheck": {"http": "/health", "port": "http", "interval": "1s"},
                "mesh": {"register": "ill"},
            },
            "well": {**service, "environment": {**said, "STATUS": "200"}},
            "consul": {
                "image": consul,
                "command": ["agent", "-dev", "-client", "0.0.0.0", "-log-level", "warn"],
                "ports": [http],
                "healthcheck": {"http": "/v1/status/leader", "port": "http", "interval": "1s"},
            },
            "collector": {
                "build": {
                    "context": str(ROOT),
                    "dockerfile": "stack/collector/Dockerfile",
                    "args": {"PYTHON_BASE": image},
                },
                "command": ["--host", "0.0.0.0", "--allow-host", "collector"],
                "ports": [query, otlp],
                "healthcheck": {"http": "/health", "port": "http", "interval": "1s"},
            },
        },
    }


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Meshctl]:
    """The project is up but for the service that never is; registry, collector and engine hold the payload too."""
    folder = tmp_path_factory.mktemp("hostile")
    image = base_image("MESH_PYTHON_BASE")
    made = Meshctl(PROJECT, folder / "meshctl.yaml")
    made.file.write_text(json.dumps(compose(image, base_image("MESH_CONSUL_IMAGE"))))
    made("down", "-v")
    strange = None
    try:
        made("up", "well", "consul", "collector", timeout=600)
        ports = {name: row["instances"][0]["ports"] for name, row in made.ps().items() if row["instances"]}
        register(ports["consul"]["http"], ports["well"]["http"])
        made("traces", "import", str(spans_of(folder)))
        labels = {LABEL_PROJECT: PROJECT, LABEL_SERVICE: "pwned\x1b]0;pwned\x07\x9b31337n\u202e", LABEL_INSTANCE: "1"}
        strange = engine.containers.create(image, ["true"], labels={**labels, LABEL_KIND: "\x1b]0;pwned\x07"})
        yield made
    finally:
        if strange is not None:
            strange.remove(force=True)
        made("down", "-v")


def register(consul: str, well: str) -> None:
    """An instance that passes, and one whose check says the payload."""
    host, _, port = well.rpartition(":")
    for name, status in (("well-1", "passing"), ("well-2", "critical"), ("ill-1", "critical")):
        check = {"CheckID": f"check-{name}", "Name": PAYLOAD, "TTL": "1h"}
        service = {"ID": name, "Name": name.partition("-")[0], "Address": host, "Port": int(port), "Check": check}
        put(f"http://{consul}/v1/agent/service/register", service)
        put(f"http://{consul}/v1/agent/check/update/check-{name}", {"Status": status, "Output": PAYLOAD})


def put(url: str, document: object) -> None:
    request = urllib.request.Request(url, json.dumps(document).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def spans_of(folder: Path) -> Path:
    """A file of spans that say the payload wherever they can."""
    root = span(1, 0, PAYLOAD, PAYLOAD, ms=40.0, error=True, kind=SpanKind.CLIENT)
    event = SpanEvent("exception", root.start_ns, {"exception.message": PAYLOAD, "exception.stacktrace": PAYLOAD})
    root = replace(root, attributes={PAYLOAD: PAYLOAD}, status_message=PAYLOAD, events=(event,), scope=PAYLOAD)
    file = folder / "spans.json"
    file.write_bytes(request_json([root, span(2, 1, "well", PAYLOAD, at=1.0, ms=20.0, kind=SpanKind.SERVER)]))
    return file


def check(seen: bytes) -> None:
    """Nothing of the payload is left in what a terminal has got; line ends and our way up over progress are ours."""
    text = re.sub(r"\x1b\[\d+A\x1b\[J", "", seen.decode().replace("\r\n", "\n"))
    assert obeyed(text, newlines=True) == ""


COMMANDS = (
    *("ps", "logs", "doctor", "traces", f"traces show {TRACE}", "config", "call well GET /", "call ill GET /"),
    *(
        "up ill --timeout 4s",
        "up --dry-run",
        "start no\x1b]0;pwned\x07",
        f"logs --trace {TRACE}",
    ),
)


@pytest.mark.parametrize("words", COMMANDS)
def test_nothing_of_it_reaches_a_terminal(mesh: Meshctl, words: str) -> None:
    with Terminal(mesh.argv(*words.split(" "))) as terminal:
        terminal.finish(within=120)
    check(terminal.seen)
    assert b"pwned" in terminal.seen or words in ("up --dry-run", "doctor") or "--trace" in words


@pytest.mark.parametrize("words", COMMANDS)
def test_nothing_of_it_is_left_in_json(mesh: Meshctl, words: str) -> None:
    answer = mesh(*words.split(" "), "--json", code=None)
    assert obeyed(answer.out, newlines=True) == ""
    assert obeyed(answer.err, newlines=True) == ""
    documents = answer.out.splitlines() if words.startswith("logs") else [answer.out] if answer.out else []
    assert all(json.loads(document) is not None for document in documents)


def test_a_pipe_gets_the_bytes_of_logs_and_of_a_body(mesh: Meshctl) -> None:
    logs = subprocess.run(mesh.argv("logs", "well"), capture_output=True, timeout=60, check=True).stdout
    assert "bytes \ufffd\ufffd\x1b[31337m\n".encode() in logs  # Docker's json-file keeps no other bytes
    assert PAYLOAD.partition("\r")[0].encode() in logs
    body = subprocess.run(mesh.argv("call", "well", "GET", "/"), capture_output=True, timeout=60, check=True).stdout
    assert body == PAYLOAD.encode()


#: Keys through the app, and what is new on the screen then.
WAY: tuple[tuple[str, *tuple[bytes, ...]], ...] = (
    ("2", b"newest", b"following", b"pwned"),
    ("\x1b[F", b"pwned"),
    ("\r", b"details", b"pwned"),
    ("\x1b", b"newest", b"pwned"),
    ("3", b"minute"),
    ("dd", b"kept", b"pwned"),
    ("6", b"following", b"pwned"),
    ("1", b"health", b"pwned"),
)


def test_the_app_shows_all_of_it_and_none_of_it_is_obeyed(mesh: Meshctl) -> None:
    with Terminal(mesh.argv(), colours=True) as terminal:
        terminal.wait_for(b"pwned", within=30)
        for keys, *drawn in WAY:
            terminal.press(keys)
            terminal.wait_for(*drawn, within=30)
        terminal.press("q")
        assert terminal.finish(within=30) == 0
    assert b"\x1b[31337" not in terminal.seen
    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\]22;[a-z]*\x07|\r", "", terminal.seen.decode())
    assert obeyed(text, newlines=True) == ""


def test_the_stranger_is_listed(mesh: Meshctl) -> None:
    names = eventually(lambda: set(mesh.ps()), within=10, what="services")
    assert any(name.startswith("pwned\x1b]0;") for name in names)
