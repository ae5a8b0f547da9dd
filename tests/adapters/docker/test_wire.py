"""Reading an engine that is missing, forbidden, slow, talkative, or no engine at all."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from meshctl.adapters.docker.address import Address
from meshctl.adapters.docker.reader import ContainerReader
from meshctl.adapters.docker.wire import SocketWire
from meshctl.errors import NotFound, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import Container, ContainerState
from tests.adapters.docker.fake_server import Answer, send, send_chunks, send_json, serving

VERSION = {"ApiVersion": "1.41", "Version": "20.10.24", "Components": [{"Name": "Engine"}]}


def reader(address: Address, **limits: Any) -> ContainerReader:
    return ContainerReader(address, SocketWire(address, **limits))


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    address = Address(f"unix://{tmp_path}/none.sock", chosen=True)
    with pytest.raises(RuntimeUnavailable, match=r"No Docker engine answers at unix://.*none\.sock") as caught:
        ContainerReader(address).find("shop")
    assert "DOCKER_HOST" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_socket_nobody_listens_on(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with pytest.raises(RuntimeUnavailable, match="No Docker engine answers"):
        ContainerReader(Address(f"unix://{path}")).observe("shop")


def test_a_tcp_port_nobody_listens_on() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with pytest.raises(RuntimeUnavailable, match=f"127.0.0.1:{port}"):
        ContainerReader(Address(f"tcp://127.0.0.1:{port}", chosen=True)).info()


def test_a_socket_this_user_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(RuntimeUnavailable, match="permission denied") as caught:
        ContainerReader(Address("unix:///var/run/docker.sock")).find("shop")
    assert "usermod -aG docker" in caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler: send(handler, 200, b"<html>hello</html>"),
        lambda handler: send(handler, 200, b""),
        lambda handler: send(handler, 502, b"Bad gateway"),
        lambda handler: send(handler, 200, b"[" * 100_000),
        lambda handler: send_json(handler, {"a": 1}),
        lambda handler: send_json(handler, ["a", 1]),
        lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda handler: send_chunks(handler, b"[", finish=False),
    ],
    ids=["html", "empty", "gateway", "nested", "object", "scalars", "ssh", "bad chunk", "broken off"],
)
def test_something_that_is_no_engine(tmp_path: Path, answer: Answer) -> None:
    def once(handler: BaseHTTPRequestHandler) -> None:
        answer(handler)
        handler.close_connection = True

    with serving(tmp_path, once) as address, pytest.raises(RuntimeUnavailable):
        reader(address).find("shop")


def test_an_answer_without_end_is_not_read_to_the_end(tmp_path: Path) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)

    with serving(tmp_path, flood) as address, pytest.raises(RuntimeUnavailable, match="more than 1000000 bytes"):
        reader(address, max_bytes=1_000_000).info()


@pytest.mark.parametrize("begun", [False, True], ids=["silent", "in the middle"])
def test_an_engine_that_hangs(tmp_path: Path, begun: bool) -> None:
    release = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        if begun:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        release.wait(20)

    with serving(tmp_path, hang) as address:
        try:
            with pytest.raises(RuntimeUnavailable, match="does not answer in time"):
                reader(address, timeout_s=0.1).info()
            with pytest.raises(RuntimeUnavailable, match="does not answer in time"):
                SocketWire(address, timeout_s=0.1).get_each([f"/{n}" for n in range(9)])
        finally:
            release.set()


def test_an_engine_that_trickles_for_ever(tmp_path: Path) -> None:
    stop = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b" ")

    with serving(tmp_path, trickle) as address:
        try:
            with pytest.raises(RuntimeUnavailable, match="does not answer in time"):
                reader(address, timeout_s=0.2).info()
        finally:
            stop.set()


def test_refusals_keep_the_engines_words(tmp_path: Path) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        status = 404 if handler.path == "/missing" else 500
        send_json(handler, {"message": f"no such thing: {handler.path}"}, status)

    with serving(tmp_path, refuse) as address:
        wire = SocketWire(address)
        with pytest.raises(NotFound, match="no such thing: /missing"):
            wire.get("/missing")
        with pytest.raises(OperationFailed, match="no such thing: /broken"):
            wire.get("/broken")
        assert wire.get_each(["/missing"] * 5) == [None] * 5
        with pytest.raises(OperationFailed, match="/broken"):
            wire.get_each(["/missing", "/broken", "/missing"])


def test_many_answers_come_in_order(tmp_path: Path) -> None:
    with serving(tmp_path, lambda handler: send_json(handler, handler.path)) as address:
        paths = [f"/{n}" for n in range(50)]
        assert SocketWire(address).get_each(paths) == paths
        assert SocketWire(address).get_each([]) == []


def test_observe_asks_for_the_label_and_skips_what_went_meanwhile(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(unquote(handler.path))
        if handler.path.startswith("/containers/json"):
            send_json(handler, [{"Id": "a1"}, {"Id": "b2"}])
        elif handler.path == "/containers/a1/json":
            send_json(handler, {"Id": "a1", "Name": "/shop-web-1", "State": {"Status": "running"}})
        elif handler.path == "/images/team/web:1/json":
            send_json(handler, {"Id": "sha256:1"})
        elif handler.path.startswith("/networks"):
            send_json(handler, [{"Name": "shop_b"}, {"Name": "shop_a"}])
        elif handler.path.startswith("/volumes"):
            send_json(handler, {"Volumes": None, "Warnings": None})
        else:
            send_json(handler, {"message": "no such object"}, 404)

    with serving(tmp_path, answer) as address:
        observed = ContainerReader(address).observe("shop", ["team/web:1", "absent"])
    assert [c.name for c in observed.containers] == ["shop-web-1"]
    assert (observed.networks, observed.volumes) == (("shop_a", "shop_b"), ())
    assert observed.images == {"team/web:1": "sha256:1"}
    assert sum("dev.meshctl.project=shop" in path for path in asked) == 3


@pytest.mark.parametrize(
    ("later", "inspected"),
    [
        ({"Status": "Up 9 seconds"}, 1),
        ({"Status": "Up 4 seconds"}, 2),
        ({"Status": "Up Less than a second"}, 2),
        ({"Status": "Up 9 seconds (Paused)", "State": "paused"}, 2),
        ({"Status": "Exited (1) 9 seconds ago", "State": "exited"}, 2),
        ({"Status": "Up 9 seconds", "Names": ["/renamed"]}, 2),
        ({"event": "die"}, 2),
    ],
)
def test_a_run_that_was_inspected_and_goes_on_is_not_inspected_again(
    tmp_path: Path, later: dict[str, object], inspected: int
) -> None:
    """Five seconds pass between the two looks; after an event the list may still say what was before."""
    asked: list[str] = []
    entry: dict[str, object] = {"Id": "a1", "Names": ["/shop-web-1"], "State": "running", "Status": "Up 4 seconds"}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        if handler.path.startswith("/containers/json"):
            send_json(handler, [entry])
        elif handler.path.startswith("/containers/"):
            state = {"Status": entry["State"], "StartedAt": "2026-01-01T00:00:00Z"}
            send_json(handler, {"Id": "a1", "Name": "/shop-web-1", "RestartCount": 2, "State": state})
        else:
            send_json(handler, [])

    now = [100.0]
    with serving(tmp_path, answer) as address:
        reading = ContainerReader(address, monotonic=lambda: now[0])
        (first,) = reading.observe("shop").containers
        now[0] = 105.0
        if "event" in later:
            reading.happened("a1")
        entry |= {"Status": "Up 9 seconds", **later}
        (second,) = reading.observe("shop").containers
    assert (first.restarts, second.restarts) == (2, 2)
    assert asked.count("/containers/a1/json") == inspected


def test_who_answers(tmp_path: Path) -> None:
    with serving(tmp_path, lambda handler: send_json(handler, VERSION)) as address:
        info = ContainerReader(address).info()
    assert (info.name, info.version, info.address) == ("docker", "20.10.24", address.url)


def log(*texts: str, second: int) -> bytes:
    """Lines of one container, in the engine's frames."""
    lines = (f"2026-11-23T12:00:{second + at:02d}.000000000Z {text}\n".encode() for at, text in enumerate(texts))
    return b"".join(b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line for line in lines)


def container(name: str) -> Container:
    return Container(name, f"shop-{name}-1", name, 1, ContainerState.RUNNING)


def test_lines_with_a_word_are_found_over_all_containers_by_time(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        data = log("mine 1", "other", second=5) if "/orders/" in handler.path else log("mine 0", second=1)
        send_chunks(handler, data[:11], data[11:])

    with serving(tmp_path, answer) as address:
        found = reader(address).find_lines([container("orders"), container("users")], "mine", 1_000.5, 10)
        newest = reader(address).find_lines([container("orders"), container("users")], "mine", 1_000.5, 1)
    assert [(line.service, line.text) for line in found] == [("users", "mine 0"), ("orders", "mine 1")]
    assert newest == found[-1:]
    assert asked[0].startswith("/containers/orders/logs?") and "since=1000.499999" in asked[0]


def test_a_container_that_was_removed_meanwhile_has_no_lines(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "/gone/" in handler.path:
            send_json(handler, {"message": "No such container: gone"}, 404)
        else:
            send_chunks(handler, log("mine", second=1))

    with serving(tmp_path, answer) as address:
        found = reader(address).find_lines([container("gone"), container("users")], "mine", 0.0, 10)
    assert [line.service for line in found] == ["users"]


def test_a_log_that_breaks_off_is_told(tmp_path: Path) -> None:
    with (
        serving(tmp_path, lambda handler: send_chunks(handler, log("mine", second=1), finish=False)) as address,
        pytest.raises(RuntimeUnavailable),
    ):
        reader(address).find_lines([container("users")], "mine", 0.0, 10)
