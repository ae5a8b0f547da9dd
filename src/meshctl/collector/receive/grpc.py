"""OTLP/gRPC: ``TraceService/Export`` with the bytes as they came (OTLP 1.x, "OTLP/gRPC")."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from meshctl.collector.receive.pipeline import IngestPipeline
from meshctl.collector.receive.responses import PROTOBUF, RequestRejected, export_response

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

#: Seconds a message may take to arrive; fewer while all places are taken, so that senders that hang cost little.
DEADLINE_S = 10.0
CROWDED_S = 2.0

#: Messages that may be arriving at once, and requests that may be open.
PLACES = 8
MAX_CALLS = 256

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class GrpcReceiver(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Handles the one method; every other is UNIMPLEMENTED, as gRPC does it.

    The method is declared as streaming because only then is a message read when it is asked for: until
    then the window of its HTTP/2 stream bounds what is in memory. On the wire both are the same.
    """

    def __init__(self, pipeline: IngestPipeline, deadline_s: float = DEADLINE_S) -> None:
        self._pipeline = pipeline
        self._deadline_s = deadline_s
        self._places = asyncio.Semaphore(PLACES)
        self._handler = grpc.stream_unary_rpc_method_handler(self._export)

    def service(self, handler_call_details: Any) -> Any:
        """gRPC's question which handler a method has."""
        return self._handler if handler_call_details.method == EXPORT else None

    async def _export(self, requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        async with self._places:
            try:
                async with asyncio.timeout(CROWDED_S if self._places.locked() else self._deadline_s):
                    body = await context.read()
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the message did not arrive in time")
            if not isinstance(body, bytes):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a message is missing")
            try:
                return export_response(self._pipeline.ingest(body), PROTOBUF)
            except RequestRejected as rejected:
                await context.abort(_CODES[rejected.code], str(rejected))
        raise AssertionError("abort raises")


def grpc_server(pipeline: IngestPipeline, address: str) -> tuple[grpc.aio.Server, int]:
    """A server, not yet started, and the port it is bound to. Raises RuntimeError when it cannot be bound."""
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", pipeline.max_message),
            ("grpc.so_reuseport", 0),
            ("grpc.max_concurrent_streams", 64),
        ],
        maximum_concurrent_rpcs=MAX_CALLS,
    )
    server.add_generic_rpc_handlers((GrpcReceiver(pipeline),))
    return server, server.add_insecure_port(address)
