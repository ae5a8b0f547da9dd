"""Own readiness checks against real sockets: a result in every case, in words a person understands."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from meshctl.adapters.probe import NetworkProber
from meshctl.errors import RuntimeUnavailable
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck, PortSpec, ServiceSpec
from meshctl.model.containers import Container, ContainerState, ExecResult
from meshctl.model.status import ProbeResult
from tests.adapters.http_double import Answer, hanging, json_answer, refused, saying, serving

SPEC = ServiceSpec(
    "orders",
    ports=(
        PortSpec("grpc", 50051, app_protocol=AppProtocol.GRPC),
        PortSpec("http", 8000, app_protocol=AppProtocol.HTTP),
    ),
)


@contextmanager
def _on_connect(greeting: bytes) -> Iterator[str]:
    """A server that says its piece as soon as somebody connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with listener.accept()[0] as peer:
                peer.sendall(greeting)

        thread = threading.Thread(target=accept)
        thread.start()
        host, port = listener.getsockname()
        yield f"{host}:{port}"
        thread.join()


async def no_exec(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
    raise AssertionError("nothing was to be run")


def container(**ports: str) -> Container:
    return Container("c1", "shop-orders-1", "orders", 1, ContainerState.RUNNING, ports=ports)


async def probe(check: HealthCheck, **ports: str) -> ProbeResult:
    return await NetworkProber(no_exec).probe(SPEC, check, container(**ports))


async def probe_http(answer: Answer, timeout_s: float = 5.0) -> ProbeResult:
    with serving(answer) as address:
        check = HealthCheck(CheckKind.HTTP, path="/health", port="http", timeout_s=timeout_s)
        return await probe(check, http=address)


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "302 Found"])
async def test_2xx_and_3xx_pass(status: str) -> None:
    result = await probe_http(json_answer(status, b""))
    assert (result.ok, result.detail) == (True, "")


async def test_a_passing_body_is_not_waited_for() -> None:
    def endless(_: bytes, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        hanging(b"", peer)

    assert (await probe_http(endless)).ok


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"status": "error", "reason": "database unreachable"}', "503: database unreachable"),
        (b'{"detail": {"error": "redis is loading"}}', "503: redis is loading"),
        (b"plain words\nover lines", "503: plain words over lines"),
        (b"<html>big page</html>", "503: Service Unavailable"),
        (b"", "503: Service Unavailable"),
    ],
)
async def test_a_refusal_gives_the_reason_from_the_body(body: bytes, words: str) -> None:
    result = await probe_http(json_answer("503 Service Unavailable", body))
    assert (result.ok, result.detail) == (False, words)


async def test_a_chunked_reason_is_read_even_if_the_connection_stays_open() -> None:
    def keep(_: bytes, peer: socket.socket) -> None:
        peer.sendall(b'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{"error":"oh"}\r\n0\r\n\r\n')
        hanging(b"", peer)

    assert (await probe_http(keep)).detail == "500: oh"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "connection closed without an answer"),
        (b"+OK redis here\r\n", "the answer is not HTTP"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"x" * 20, "the answer is not HTTP"),
    ],
)
async def test_other_protocols_are_named(answer: bytes, words: str) -> None:
    assert (await probe_http(saying(answer))).detail == words


async def test_a_flood_is_cut_off() -> None:
    result = await probe_http(saying(b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 1_000_000))
    assert result.detail.startswith("500: xxx")
    assert len(result.detail) <= 160


async def test_silence_is_a_result() -> None:
    result = await probe_http(hanging, timeout_s=0.05)
    assert (result.ok, result.detail) == (False, "no answer within 0.05 s")


@pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.TCP, CheckKind.GRPC])
async def test_a_refused_connection_is_a_result(kind: CheckKind) -> None:
    result = await probe(HealthCheck(kind, port="http"), http=refused())
    assert (result.ok, result.detail) == (False, "connection refused")


async def test_a_port_that_is_not_published_is_named() -> None:
    assert (await probe(HealthCheck(CheckKind.HTTP, port="web"))).detail == "port 'web' is not published"
    assert (await probe(HealthCheck(CheckKind.TCP))).detail == "no port to probe is published"


async def test_without_a_name_the_port_that_speaks_the_protocol_is_probed() -> None:
    with serving(json_answer("200 OK", b"")) as address:
        assert (await probe(HealthCheck(CheckKind.HTTP), grpc=refused(), http=address)).ok


async def test_an_open_port_passes_tcp() -> None:
    with serving(hanging) as address:
        assert (await probe(HealthCheck(CheckKind.TCP, port="http"), http=address)).ok


async def test_a_server_that_speaks_first_passes_tcp() -> None:
    with _on_connect(b"220 hello\r\n") as address:
        assert (await probe(HealthCheck(CheckKind.TCP, port="http"), http=address)).ok


async def test_a_proxy_with_nothing_behind_it_fails_tcp() -> None:
    with _on_connect(b"") as address:
        result = await probe(HealthCheck(CheckKind.TCP, port="http"), http=address)
    assert result.detail == "connection closed at once: nothing listens inside the container"


async def test_a_test_runs_inside_the_container() -> None:
    asked: list[tuple[str, tuple[str, ...], float]] = []

    async def run(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        asked.append((container_id, tuple(command), timeout_s))
        return ExecResult(0 if len(asked) == 1 else 2, "starting\nno response\n")

    check = HealthCheck(CheckKind.TEST, test=("pg_isready", "-q"), timeout_s=3)
    prober = NetworkProber(run)
    assert (await prober.probe(SPEC, check, container())).ok
    assert (await prober.probe(SPEC, check, container())).detail == "exit 2: no response"
    assert asked[0] == ("c1", ("pg_isready", "-q"), 3)


async def test_an_engine_that_is_gone_is_a_result() -> None:
    async def run(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        raise RuntimeUnavailable("no container engine answers")

    result = await NetworkProber(run).probe(SPEC, HealthCheck(CheckKind.TEST, test=("x",)), container())
    assert (result.ok, result.detail) == (False, "no container engine answers")


async def test_nothing_to_probe_passes() -> None:
    assert (await probe(HealthCheck())).ok
