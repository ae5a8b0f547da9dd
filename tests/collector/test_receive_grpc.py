"""OTLP/gRPC as senders meet it, good and bad ones."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import Any

import grpc
import grpc.aio
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meshctl.collector.receive import grpc as receiver
from meshctl.collector.receive.grpc import EXPORT
from tests.collector.conftest import HOST, Serve, Served
from tests.collector.otlp import body, span


def channel_to(served: Served, *options: tuple[str, int]) -> Any:
    """Sends and gets bytes as they are."""
    return grpc.aio.insecure_channel(served.grpc, options=options)


async def export(served: Served, sent: bytes, method: str = EXPORT, **options: object) -> bytes:
    sizes = [("grpc.max_send_message_length", -1)]
    async with channel_to(served, *sizes) as channel:
        answer: bytes = await channel.unary_unary(method)(sent, timeout=10, **options)
        return answer


async def rejection(served: Served, sent: bytes, **options: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await export(served, sent, **options)  # type: ignore[arg-type]
    return caught.value


async def received(served: Served) -> int:
    return int((await served.json("/v1/status"))["received"])


async def test_spans_are_taken_and_answered_with_an_empty_response(served: Served) -> None:
    assert await export(served, body(span())) == b""
    assert await received(served) == 1


async def test_gzip_is_decompressed(served: Served) -> None:
    big = body(span(attributes={"a": "x" * 10_000}))
    assert await export(served, big, compression=grpc.Compression.Gzip) == b""
    assert await received(served) == 1


async def test_a_span_with_a_wrong_id_is_rejected_and_its_neighbours_are_kept(served: Served) -> None:
    answer = ExportTraceServiceResponse.FromString(await export(served, body(span(1), span(2, span_id=b"short"))))
    assert answer.partial_success.rejected_spans == 1
    assert answer.partial_success.error_message


async def test_truncated_protobuf_is_invalid(served: Served) -> None:
    error = await rejection(served, body(span())[:-3])
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_a_message_beyond_the_limit_is_refused(serve: Serve, compression: grpc.Compression) -> None:
    served = await serve(max_message=1 << 20)
    error = await rejection(served, bytes(50 << 20), compression=compression)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await export(served, body(span())) == b""


@pytest.mark.parametrize("signal", ["metrics.v1.MetricsService", "logs.v1.LogsService"])
async def test_other_signals_are_unimplemented(served: Served, signal: str) -> None:
    error = await rejection(served, b"", method=f"/opentelemetry.proto.collector.{signal}/Export")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_senders_that_hang_are_ended_and_hold_nobody_up_for_long(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "CROWDED_S", 0.1)
    served = await serve()
    async with channel_to(served) as channel:
        calls = [channel.stream_unary(EXPORT)() for _ in range(20)]
        for call in calls:
            await call.wait_for_connection()
        assert await export(served, body(span())) == b""
        codes = [asyncio.ensure_future(call.code()) for call in calls]
        for ended in itertools.islice(asyncio.as_completed(codes, timeout=10), len(calls) - receiver.PLACES):
            assert await ended is grpc.StatusCode.DEADLINE_EXCEEDED
        for call in calls:
            call.cancel()
        await asyncio.wait(codes)


async def test_a_sender_that_ends_without_a_message_is_told_so(served: Served) -> None:
    async with channel_to(served) as channel:
        call = channel.stream_unary(EXPORT)()
        await call.done_writing()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_eight_senders_of_full_messages_at_once_are_all_taken(serve: Serve) -> None:
    served = await serve(max_message=4 << 20)
    big = [body(span(number, attributes={"a": "x" * 4_000_000})) for number in range(1, 9)]
    assert await asyncio.gather(*(export(served, one) for one in big)) == [b""] * 8
    assert await received(served) == 8


async def test_noise_on_the_port_is_no_trouble(served: Served) -> None:
    reader, writer = await asyncio.open_connection(HOST, served.ports.grpc_port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 40)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(5):
            await reader.read()
    writer.close()
    assert await export(served, body(span())) == b""
