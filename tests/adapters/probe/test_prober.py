"""Own readiness checks against real sockets: a result in every case, in words a person understands."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from meshctl.adapters.probe.prober import NetworkProber
from meshctl.errors import CommandLeft, DeadlineExceeded, RuntimeUnavailable
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck, PortSpec, ServiceSpec
from meshctl.model.containers import Container, ContainerState, ExecResult
from meshctl.model.status import ProbeProblem, ProbeResult
from tests.adapters.http_double import Answer, hanging, json_answer, refused, saying, serving

SPEC = ServiceSpec(
    "orders",
    ports=(
        PortSpec("grpc", 50051, app_protocol=AppProtocol.GRPC),
        PortSpec("http", 8000, app_protocol=AppProtocol.HTTP),
    ),
    healthcheck=HealthCheck(timeout_s=3.0),
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


def container(**ports: str) -> Container:
    return Container("c1", "shop-orders-1", "orders", 1, ContainerState.RUNNING, ports=ports)


async def probe(check: HealthCheck, **ports: str) -> ProbeResult:
    return await NetworkProber(None).probe(SPEC, check, container(**ports))


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
    ("answer", "words", "problem"),
    [
        (b"", "connection closed without an answer", ProbeProblem.CLOSED),
        (b"HTTP/1.1 20", "connection closed in the middle of its answer", ProbeProblem.PROTOCOL),
        (b"+OK redis here\r\n", "the answer is not HTTP", ProbeProblem.PROTOCOL),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"x" * 20, "the answer is not HTTP", ProbeProblem.PROTOCOL),
    ],
    ids=["nothing", "too little", "text", "bytes"],
)
async def test_other_protocols_are_named(answer: bytes, words: str, problem: ProbeProblem) -> None:
    result = await probe_http(saying(answer))
    assert result.detail == f"{result.asked} (port 8000 inside): {words}"
    assert (result.problem, result.expected) == (problem, "8000")


async def test_a_flood_is_cut_off() -> None:
    result = await probe_http(saying(b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 1_000_000))
    assert result.detail.startswith("500: xxx")
    assert len(result.detail) <= 160


async def test_silence_is_told_with_the_checks_full_time() -> None:
    check = HealthCheck(CheckKind.HTTP, port="http", timeout_s=0.0523)
    with serving(hanging) as address:
        result = await NetworkProber(None).probe(replace(SPEC, healthcheck=check), check, container(http=address))
    assert result.detail == f"{address} (port 8000 inside): no answer within 0.05 s"
    assert (result.ok, result.problem, result.cut) == (False, ProbeProblem.SILENT, False)


@pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.GRPC])
async def test_silence_within_less_than_its_time_is_no_evidence(kind: CheckKind) -> None:
    with serving(hanging) as address:
        result = await probe(HealthCheck(kind, port="http", timeout_s=0.05), http=address)
    assert result.detail == f"{address} (port 8000 inside): no answer yet"
    assert (result.problem, result.cut) == (ProbeProblem.SILENT, True)


@pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.TCP, CheckKind.GRPC])
async def test_a_refused_connection_is_a_result(kind: CheckKind) -> None:
    address = refused()
    result = await probe(HealthCheck(kind, port="http"), http=address)
    assert (result.ok, result.problem) == (False, ProbeProblem.REFUSED)
    assert result.detail == f"{address} (port 8000 inside): connection refused"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (HealthCheck(CheckKind.HTTP, port="web"), "port 'web' is not published"),
        (HealthCheck(CheckKind.TCP), "no port to probe is published"),
    ],
)
async def test_a_port_that_is_not_published_is_named(check: HealthCheck, words: str) -> None:
    result = await probe(check)
    assert (result.detail, result.problem) == (words, ProbeProblem.NOT_PUBLISHED)


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
    assert result.detail == f"{address} (port 8000 inside): connection closed at once"
    assert result.problem is ProbeProblem.CLOSED


async def test_a_test_runs_inside_the_container() -> None:
    asked: list[tuple[str, tuple[str, ...], float]] = []

    async def run(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        asked.append((container_id, tuple(command), timeout_s))
        return ExecResult(0 if len(asked) == 1 else 2, "starting\nno response\n")

    check = HealthCheck(CheckKind.TEST, test=("pg_isready", "-q"), timeout_s=3)
    prober = NetworkProber(run)
    assert (await prober.probe(SPEC, check, container())).ok
    failed = await prober.probe(SPEC, check, container())
    assert (failed.detail, failed.problem, failed.asked) == ("exit 2: no response", ProbeProblem.EXIT, "")
    assert asked[0] == ("c1", ("pg_isready", "-q"), 3)


TEST = HealthCheck(CheckKind.TEST, test=("check",), timeout_s=3.0)


@pytest.mark.parametrize(
    ("output", "errors", "words"),
    [
        ("Error: no quorum\n----------\n\n", "", "exit 1: Error: no quorum"),
        ("│ disk full │\n╰───────────╯\n", "", "exit 1: │ disk full │"),
        ("down\n\x1b[31m=====\x1b[0m\n", "", "exit 1: down"),
        ("no access\nbye\n", "no access\n", "exit 1: no access"),
        ("closing\n***\n", "***\n", "exit 1: closing"),
        ("---\n", "", "exit 1"),
        ("", "", "exit 1"),
        ("x" * 5000, "", "exit 1: " + "x" * 151 + "…"),
    ],
)
async def test_of_what_a_test_wrote_the_last_words_are_told(output: str, errors: str, words: str) -> None:
    async def run(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        return ExecResult(1, output, errors)

    assert (await NetworkProber(run).probe(SPEC, TEST, container())).detail == words


@pytest.mark.parametrize(
    ("failure", "timeout_s", "words", "problem"),
    [
        (DeadlineExceeded("`check` did not end within 3 s."), 3.0, "`check` did not end within 3 s", "silent"),
        (DeadlineExceeded("`check` did not end within 2 s."), 2.0, "no answer yet", "silent"),
        (CommandLeft("an earlier `check` still runs inside"), 3.0, "an earlier `check` still runs inside", "left"),
        (RuntimeUnavailable("no container engine answers"), 3.0, "no container engine answers", "runtime"),
        (ValueError("odd"), 3.0, "ValueError: odd", "runtime"),
    ],
)
async def test_a_test_that_gave_no_answer_is_a_result(
    failure: Exception, timeout_s: float, words: str, problem: str
) -> None:
    async def run(container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        raise failure

    spec = replace(SPEC, healthcheck=TEST)
    result = await NetworkProber(run).probe(spec, replace(TEST, timeout_s=timeout_s), container())
    assert (result.ok, result.detail, result.problem) == (False, words, problem)


class Inside:
    """Runs one command at a time for as long as it is let."""

    def __init__(self) -> None:
        self.started = 0
        self.starts: asyncio.Queue[str] = asyncio.Queue()
        self.running = 0
        self.most = 0
        self.end = asyncio.Event()

    async def run(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        self.started += 1
        self.starts.put_nowait(container_id)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            async with asyncio.timeout(timeout_s):
                await self.end.wait()
        except TimeoutError:
            raise DeadlineExceeded(f"`check` did not end within {timeout_s:g} s.") from None
        finally:
            self.running -= 1
        return ExecResult(0, "")


def asking(inside: Inside, *timeouts_s: float, full_s: float = 5.0) -> list[asyncio.Task[ProbeResult]]:
    prober = NetworkProber(inside.run)
    spec = replace(SPEC, healthcheck=replace(TEST, timeout_s=full_s))
    return [
        asyncio.ensure_future(prober.probe(spec, replace(TEST, timeout_s=timeout_s), container()))
        for timeout_s in timeouts_s
    ]


async def test_two_who_ask_the_same_share_one_answer() -> None:
    inside = Inside()
    askers = asking(inside, 5.0, 2.0, 5.0)
    await inside.starts.get()
    inside.end.set()
    assert [result.ok for result in await asyncio.gather(*askers)] == [True, True, True]
    assert inside.started == 1


async def test_who_shares_waits_no_longer_than_its_own_time() -> None:
    inside = Inside()
    first, second = asking(inside, 5.0, 0.05)
    result = await second
    assert (result.detail, result.cut, inside.started) == ("no answer yet", True, 1)
    inside.end.set()
    assert (await first).ok


async def test_who_has_more_time_asks_again_after_one_that_had_less() -> None:
    inside = Inside()
    first, second = asking(inside, 0.05, 5.0)
    assert (await first).cut
    await inside.starts.get()
    await inside.starts.get()
    inside.end.set()
    assert (await second).ok
    assert inside.most == 1


async def test_who_waits_asks_itself_when_the_other_is_cancelled() -> None:
    inside = Inside()
    first, second, third = asking(inside, 5.0, 5.0, 5.0)
    await inside.starts.get()
    first.cancel()
    await inside.starts.get()
    inside.end.set()
    assert (await second).ok and (await third).ok
    assert (inside.started, inside.most) == (2, 1)
    assert first.cancelled()


async def test_nothing_to_probe_passes() -> None:
    assert (await probe(HealthCheck())).ok
