"""What listens inside, and what it says about a port that does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest

from meshctl.adapters.probe.listening import AGAIN_S, YOUNG_S, Listener, Listeners, explain, listeners
from meshctl.adapters.probe.prober import NetworkProber
from meshctl.errors import OperationFailed
from meshctl.model.config import AppProtocol, CheckKind, HealthCheck, PortSpec, ServiceSpec
from meshctl.model.containers import Container, ContainerState, ExecResult
from meshctl.model.status import ProbeProblem
from tests.adapters.http_double import hanging, refused, saying, serving
from tests.fakes.world import FakeClock

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4146 1 0 100 0 0 10 0
   1: 0B00007F:B5CD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4147 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:CE5A 01 00000000:00000000 00:00000000 00000000     0        0 4148 1 0 20 4 30 10 -1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000000000000:2328 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""
SPEC = ServiceSpec("orders", ports=(PortSpec("http", 8000, app_protocol=AppProtocol.HTTP), PortSpec("metrics", 9100)))
CHECK = HealthCheck(CheckKind.HTTP, port="http")
CONTAINER = Container("c1", "shop-orders-1", "orders", 1, ContainerState.RUNNING, started_at=100.0)


def seen(*addresses: str) -> list[Listener]:
    pairs = [address.rpartition(":") for address in addresses]
    return [Listener(ip_address(host.strip("[]")), int(port)) for host, _, port in pairs]


def test_the_tables_of_the_kernel_are_read() -> None:
    """Only what listens, without Docker's name server."""
    found = listeners(TCP + TCP6)
    assert found is not None
    assert [str(one) for one in found] == ["127.0.0.1:8080", "[::1]:8080", "127.0.0.1:8081", "[::]:9000"]


@pytest.mark.parametrize(
    "tables", ["", "sh: 1: exec: cat: not found\n", TCP6, TCP.replace("0100007F", "xyz"), "0: " + TCP6]
)
def test_what_is_no_whole_table_says_nothing(tables: str) -> None:
    assert listeners(tables) is None


def test_one_table_is_enough_where_there_is_no_ipv6() -> None:
    assert listeners("cat: /proc/net/tcp6: No such file or directory\n" + TCP) == tuple(seen("127.0.0.1:8080"))


@pytest.mark.parametrize(
    ("listening", "problem", "words"),
    [
        (["127.0.0.1:8000"], "local_only", "it listens on 127.0.0.1 only; let it listen on 0.0.0.0 (--host 0.0.0.0)"),
        (["[::1]:8000"], "local_only", "it listens on ::1 only; let it listen on 0.0.0.0 (--host 0.0.0.0)"),
        (
            ["127.0.0.1:8000", "[::1]:8000", "0.0.0.0:9000"],
            "local_only",
            "it listens on 127.0.0.1 and ::1 only; let it listen on 0.0.0.0 (--host 0.0.0.0)",
        ),
        (
            ["[::]:8000"],
            "local_only",
            "it listens over IPv6 only ([::]:8000); let it listen on 0.0.0.0 (--host 0.0.0.0)",
        ),
        (["0.0.0.0:9000"], "other_port", "it listens on 9000, not on 8000"),
        (
            ["[::]:9000", "0.0.0.0:9000", "127.0.0.1:5000"],
            "other_port",
            "it listens on 9000, 127.0.0.1:5000, not on 8000",
        ),
        ([f"0.0.0.0:{port}" for port in range(1, 9)], "other_port", "it listens on 1, 2, 3, …, not on 8000"),
        (["0.0.0.0:9100"], None, "nothing listens there"),
        ([], None, "nothing listens there"),
        (["0.0.0.0:8000"], None, ""),
        (["172.18.0.5:8000"], None, ""),
    ],
)
def test_why_a_port_does_not_answer(listening: list[str], problem: str | None, words: str) -> None:
    assert explain(seen(*listening), 8000, {8000, 9100}, open=False) == (problem, words)


def test_what_accepts_on_every_ipv6_address_hears_ipv4_too() -> None:
    assert explain(seen("[::]:8000"), 8000, {8000}, open=True).problem is None


class Inside:
    """A container that shows ``tables``; counts the looks."""

    def __init__(self, *tables: str) -> None:
        self.tables = "".join(tables)
        self.failure: Exception | None = None
        self.looks = 0

    async def run(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        assert (container_id, command[0]) == ("c1", "cat")
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return ExecResult(0, self.tables)


async def test_a_look_is_seldom_and_its_result_is_kept() -> None:
    inside, clock = Inside(TCP), FakeClock()
    looker = Listeners(inside.run, clock.now, clock.monotonic)
    young = replace(CONTAINER, started_at=clock.now())
    assert await looker.of(young) is None
    clock.advance(YOUNG_S)
    first = await looker.of(young)
    assert first == tuple(seen("127.0.0.1:8080"))
    clock.advance(AGAIN_S / 2)
    assert await looker.of(young) == first
    assert inside.looks == 1
    inside.tables = ""
    clock.advance(AGAIN_S / 2)
    assert await looker.of(young) is None
    assert inside.looks == 2


async def test_a_new_run_of_an_instance_is_looked_into_anew() -> None:
    inside, clock = Inside(TCP), FakeClock()
    looker = Listeners(inside.run, clock.now, clock.monotonic)
    assert await looker.of(replace(CONTAINER, started_at=clock.now() - 60)) is not None
    again = replace(CONTAINER, started_at=clock.now() - YOUNG_S)
    assert await looker.of(again) is not None
    looker.forget(again)
    assert await looker.of(again) is not None
    assert inside.looks == 3


async def test_what_cannot_be_looked_into_is_left_alone() -> None:
    inside = Inside()
    inside.failure = OperationFailed("the container does not run")
    looker = Listeners(inside.run)
    assert await looker.of(CONTAINER) is None
    assert await looker.of(CONTAINER) is None
    assert inside.looks == 1


@pytest.mark.parametrize("kind", [CheckKind.HTTP, CheckKind.GRPC, CheckKind.TCP])
async def test_a_refused_check_tells_what_listens_inside(kind: CheckKind) -> None:
    address = refused()
    inside = Inside(TCP.replace("1F90", "1F40"))
    container = replace(CONTAINER, ports={"http": address})
    result = await NetworkProber(inside.run).probe(SPEC, replace(CHECK, kind=kind), container)
    assert result.problem is ProbeProblem.LOCAL_ONLY
    assert (result.asked, result.expected, result.listening) == (address, "8000", ("127.0.0.1:8000",))
    assert result.detail == (
        f"{address} (port 8000 inside): it listens on 127.0.0.1 only; let it listen on 0.0.0.0 (--host 0.0.0.0)"
    )


async def test_a_hung_up_check_of_one_that_accepts_on_ipv6_stays_what_it_is() -> None:
    """It accepts and waits for a request: it is not out of reach, whatever it does with the request."""
    inside = Inside(TCP, TCP6.replace("2328", "1F40"))
    with serving(saying(b"")) as address:
        result = await NetworkProber(inside.run).probe(SPEC, CHECK, replace(CONTAINER, ports={"http": address}))
    assert result.problem is ProbeProblem.CLOSED
    assert result.detail.endswith("connection closed without an answer")
    assert "[::]:8000" in result.listening


async def test_nothing_that_listens_is_said_too() -> None:
    inside = Inside(TCP[: TCP.index("   0:")])
    container = replace(CONTAINER, ports={"http": refused()})
    result = await NetworkProber(inside.run).probe(SPEC, CHECK, container)
    assert result.detail.endswith("(port 8000 inside): connection refused: nothing listens there")
    assert result.problem is ProbeProblem.REFUSED


async def test_an_instance_that_answers_or_is_silent_is_not_looked_into() -> None:
    inside = Inside(TCP)
    with serving(hanging) as address:
        check = replace(CHECK, timeout_s=0.05)
        result = await NetworkProber(inside.run).probe(SPEC, check, replace(CONTAINER, ports={"http": address}))
    assert (result.problem, inside.looks) == (ProbeProblem.SILENT, 0)
