"""EchoService over a real gRPC server: the four kinds of a call, health and reflection."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import REGISTRY
from stack.services.echo.app.service import NAME

from mesh_protos.echo.v1.echo_pb2 import EchoRequest, EchoStreamRequest
from mesh_protos.echo.v1.echo_pb2_grpc import EchoServiceStub


async def say(*words: str) -> AsyncIterator[EchoRequest]:
    for word in words:
        yield EchoRequest(message=word)


async def test_one_in_one_out(channel: grpc.aio.Channel) -> None:
    reply = await EchoServiceStub(channel).Echo(EchoRequest(message="hello"))
    assert (reply.message, reply.instance, reply.sequence) == ("hello", "echo-1", 1)


async def test_one_in_many_out(channel: grpc.aio.Channel) -> None:
    stream = EchoServiceStub(channel).EchoStream(EchoStreamRequest(message="hi", count=4, interval_ms=1))
    assert [(reply.message, reply.sequence) async for reply in stream] == [("hi", n) for n in (1, 2, 3, 4)]


async def test_many_in_one_out(channel: grpc.aio.Channel) -> None:
    reply = await EchoServiceStub(channel).EchoCollect(say("a", "b", "c"))
    assert reply.message == "a b c"


async def test_many_in_many_out(channel: grpc.aio.Channel) -> None:
    replies = [reply.message async for reply in EchoServiceStub(channel).EchoChat(say("a", "b"))]
    assert replies == ["a", "b"]


@pytest.mark.parametrize("wrong", [{"count": 1001}, {"count": -1}, {"interval_ms": 10_001}])
async def test_a_stream_without_measure_is_refused(channel: grpc.aio.Channel, wrong: dict[str, int]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in EchoServiceStub(channel).EchoStream(EchoStreamRequest(message="hi", **wrong)):
            pass
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("service", ["", NAME])
async def test_health_is_serving(channel: grpc.aio.Channel, service: str) -> None:
    reply = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_the_service(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]
    assert NAME in {service.name for service in answers[0].list_services_response.service}


async def test_calls_are_logged_with_their_trace_and_counted(
    channel: grpc.aio.Channel, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {"grpc_service": NAME, "grpc_method": "EchoStream", "grpc_code": "INVALID_ARGUMENT"}
    before = REGISTRY.get_sample_value("grpc_server_handled_total", labels) or 0.0
    metadata = (("traceparent", f"00-{'1' * 32}-{'2' * 16}-01"),)
    stream = EchoServiceStub(channel).EchoStream(EchoStreamRequest(count=-1), metadata=metadata)
    with pytest.raises(grpc.aio.AioRpcError):
        await stream.read()
    assert REGISTRY.get_sample_value("grpc_server_handled_total", labels) == before + 1
    line = next(line for line in capsys.readouterr().out.splitlines() if "grpc.request" in line)
    assert f'"trace_id": "{"1" * 32}"' in line
    assert '"code": "INVALID_ARGUMENT"' in line
