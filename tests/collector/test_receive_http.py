"""OTLP/HTTP as senders meet it, good and bad ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meshctl.collector import http_server
from meshctl.collector.receive import http
from tests.collector.conftest import HOST, Serve, Served
from tests.collector.otlp import TRACE, body, otlp_json, request, span

PROTOBUF = "application/x-protobuf"


async def received(served: Served) -> int:
    return int((await served.json("/v1/status"))["received"])


async def test_protobuf_is_taken_and_answered_with_an_empty_response(served: Served) -> None:
    answer = await served.post(body(span()))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, PROTOBUF, b"")
    assert await received(served) == 1


async def test_json_is_taken_and_answered_in_json(served: Served) -> None:
    document = json.dumps(otlp_json(request(span()))).encode()
    answer = await served.post(document, "application/json; charset=utf-8")
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", {})
    assert (await served.get(f"/v1/traces/{TRACE}")).status_code == 200


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda plain: zlib.compress(plain, wbits=-15)),
        ("gzip", lambda plain: gzip.compress(plain[:10]) + gzip.compress(plain[10:])),
        ("identity", bytes),
    ],
)
async def test_a_compressed_body_is_decompressed(served: Served, encoding: str, pack: object) -> None:
    answer = await served.post(pack(body(span())), content_encoding=encoding)  # type: ignore[operator]
    assert answer.status_code == 200
    assert await received(served) == 1


async def test_a_span_with_a_wrong_id_is_rejected_and_its_neighbours_are_kept(served: Served) -> None:
    batch = body(span(1), span(2, span_id=b"short"), span(3))
    answer = await served.post(batch)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 1)
    assert partial.error_message
    document = json.dumps(otlp_json(request(span(4), span(5, trace_id=b"short")))).encode()
    partial = (await served.post(document, "application/json")).json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1" and partial["errorMessage"]
    assert await received_kept(served) == 3


async def received_kept(served: Served) -> int:
    found = await served.json(f"/v1/export?id={TRACE}")
    return sum(len(scope["spans"]) for resource in found["resourceSpans"] for scope in resource["scopeSpans"])


async def test_truncated_protobuf_is_a_400_with_a_status_in_protobuf(served: Served) -> None:
    answer = await served.post(body(span())[:-3])
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROTOBUF)
    assert answer.content.startswith(b"\x08\x03\x12"), "google.rpc.Status: code INVALID_ARGUMENT and a message"
    assert (await served.post(body(span()))).status_code == 200, "the connection goes on"


async def test_truncated_json_is_a_400_with_a_status_in_json(served: Served) -> None:
    answer = await served.post(b'{"resourceSpans": [', "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert answer.json()["message"]


async def test_truncated_gzip_and_noise_are_a_400(served: Served) -> None:
    packed = gzip.compress(body(span()))
    for damaged in (packed[:-4], packed[: len(packed) // 2], b"noise", packed + b"noise"):
        assert (await served.post(damaged, content_encoding="gzip")).status_code == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/grpc"])
async def test_another_content_type_is_a_415(served: Served, content_type: str) -> None:
    assert (await served.post(body(span()), content_type)).status_code == 415


async def test_an_unknown_content_encoding_is_a_415(served: Served) -> None:
    assert (await served.post(body(span()), content_encoding="br")).status_code == 415


async def test_other_methods_and_paths_are_refused(served: Served) -> None:
    got = await served.client.get(f"{served.otlp}/v1/traces")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert (await served.client.post(f"{served.otlp}/v1/metrics", content=b"")).status_code == 404
    assert (await served.client.get(f"{served.otlp}/")).status_code == 404


async def test_a_page_in_a_browser_cannot_send_spans(served: Served) -> None:
    preflight = await served.client.options(f"{served.otlp}/v1/traces", headers={"origin": "http://evil.test"})
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control")]
    document = json.dumps(otlp_json(request(span()))).encode()
    assert (await served.post(document, "application/json", origin="http://evil.test")).status_code == 403
    assert await received(served) == 0


async def test_a_gzip_bomb_is_a_413_and_never_unpacked(serve: Serve) -> None:
    served = await serve(max_message=1 << 20)
    bomb = gzip.compress(bytes(300 << 20), compresslevel=9)
    assert len(bomb) < 1 << 20
    before = peak_memory_mb()
    answer = await served.post(bomb, content_encoding="gzip")
    assert answer.status_code == 413
    assert peak_memory_mb() - before < 20


async def test_a_declared_body_beyond_the_limit_is_a_413_before_it_is_read(serve: Serve) -> None:
    served = await serve(max_message=1000)
    head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 5000000\r\n\r\n"
    assert (await exchange(served, head.encode())).startswith(b"HTTP/1.1 413 ")


async def test_a_body_beyond_the_limit_is_a_413_whatever_was_declared(serve: Serve) -> None:
    served = await serve(max_message=100_000)

    async def endless() -> object:
        for _ in range(64):
            yield bytes(10_000)

    headers = {"content-type": PROTOBUF}
    answer = await served.client.post(f"{served.otlp}/v1/traces", content=endless(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 413


async def test_an_attribute_of_a_megabyte_is_no_trouble(served: Served) -> None:
    big = span(1, attributes={"sql": "x" * (1 << 20)})
    assert (await served.post(body(big, span(2, 1)))).status_code == 200
    assert await received_kept(served) == 2


async def test_a_body_that_stalls_is_a_408_and_the_connection_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "DEADLINE_S", 0.2)
    served = await serve()
    head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 50\r\n\r\nabc"
    answer = await exchange(served, head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ") and b"connection: close" in answer


async def test_a_head_that_never_ends_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "HEAD_S", 0.2)
    served = await serve()
    assert await exchange(served, b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-more: ") == b""
    assert await exchange(served, b"") == b"", "nor is a connection kept that asks nothing"


async def test_a_head_without_bound_is_refused(served: Served) -> None:
    endless = b"POST /v1/traces HTTP/1.1\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"v" * 1000) for n in range(2000))
    answer = await exchange(served, endless)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), "closed before its deadline; a reset may hide why"


async def test_senders_that_hang_do_not_hold_up_others(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "DEADLINE_S", 3600.0)  # none of them is ended
    served = await serve()
    head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 9000\r\n\r\n"
    hanging = [await asyncio.open_connection(HOST, served.ports.http_port) for _ in range(50)]
    try:
        for _, writer in hanging:
            writer.write(head.encode() + b"abc")
            await writer.drain()
        assert (await served.post(body(span()))).status_code == 200
    finally:
        for _, writer in hanging:
            writer.close()


async def test_eight_senders_of_full_messages_at_once_are_all_taken(serve: Serve) -> None:
    served = await serve(max_message=4 << 20)
    big = [body(span(number, attributes={"a": "x" * (4_000_000)})) for number in range(1, 9)]
    async with httpx.AsyncClient(trust_env=False, timeout=20.0) as client:
        answers = await asyncio.gather(
            *(client.post(f"{served.otlp}/v1/traces", content=one, headers={"content-type": PROTOBUF}) for one in big)
        )
    assert [answer.status_code for answer in answers] == [200] * 8
    assert await received(served) == 8


def peak_memory_mb() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def exchange(served: Served, sent: bytes) -> bytes:
    """Send as it is, and read until the collector closes."""
    reader, writer = await asyncio.open_connection(HOST, served.ports.http_port)
    try:
        writer.write(sent)
        await writer.drain()
        async with asyncio.timeout(8):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
