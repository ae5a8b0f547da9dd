"""Readiness over ``grpc.health.v1``, against servers in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer

from meshctl.adapters.probe.prober import NetworkProber
from meshctl.model.config import CheckKind, HealthCheck, ServiceSpec
from meshctl.model.containers import Container, ContainerState
from meshctl.model.status import ProbeProblem, ProbeResult
from tests.adapters import http_double
from tests.adapters.grpc_double import Greeter, serving


@pytest.fixture
def health() -> HealthServicer:
    return HealthServicer()


@pytest.fixture
def address(health: HealthServicer) -> Iterator[str]:
    with ThreadPoolExecutor(2) as workers:
        server = grpc.server(workers)
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


async def probe(address: str, service: str = "", timeout_s: float = 5.0) -> ProbeResult:
    check = HealthCheck(CheckKind.GRPC, port="grpc", grpc_service=service, timeout_s=timeout_s)
    container = Container("c1", "shop-echo-1", "echo", 1, ContainerState.RUNNING, ports={"grpc": address})
    return await NetworkProber(None).probe(ServiceSpec("echo"), check, container)


async def test_serving_passes(address: str) -> None:
    assert (await probe(address)).ok


async def test_not_serving_is_said_in_grpcs_word(address: str, health: HealthServicer) -> None:
    health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    assert (await probe(address)).detail == "NOT_SERVING"


async def test_one_service_of_the_server_can_be_meant(address: str, health: HealthServicer) -> None:
    health.set("shop.v1.Echo", health_pb2.HealthCheckResponse.SERVING)
    assert (await probe(address, "shop.v1.Echo")).ok
    assert (await probe(address, "nope")).detail == "its health service does not know service 'nope'"


async def test_a_server_without_the_health_service_is_named() -> None:
    with serving(Greeter().handlers()) as address:
        assert (await probe(address)).detail == "it offers no grpc.health.v1"


async def test_silence_is_a_result() -> None:
    with http_double.serving(http_double.hanging) as address:
        assert (await probe(address, timeout_s=0.1)).problem is ProbeProblem.SILENT


async def test_cancelling_the_probe_cancels_the_question() -> None:
    reached, given_up = threading.Event(), threading.Event()

    def wait(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.add_callback(given_up.set)
        reached.set()
        given_up.wait()
        return b""

    check = grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(wait)}
    )
    with serving(check) as address:
        task = asyncio.create_task(probe(address))
        assert await asyncio.to_thread(reached.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(given_up.wait, 5)
