"""echo.v1.EchoService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from mesh_protos.echo.v1 import echo_pb2, echo_pb2_grpc

NAME = echo_pb2.DESCRIPTOR.services_by_name["EchoService"].full_name

MAX_COUNT, MAX_INTERVAL_MS = 1000, 10_000
_COUNT = 3


class EchoService(echo_pb2_grpc.EchoServiceServicer):
    """`instance` is what each reply says of who answered."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    async def Echo(self, request: echo_pb2.EchoRequest, context: Any) -> echo_pb2.EchoReply:
        return self._reply(request.message, 1)

    async def EchoStream(self, request: echo_pb2.EchoStreamRequest, context: Any) -> AsyncIterator[echo_pb2.EchoReply]:
        if not 0 <= request.count <= MAX_COUNT:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"count must be 0 to {MAX_COUNT}")
        if not 0 <= request.interval_ms <= MAX_INTERVAL_MS:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"interval_ms must be 0 to {MAX_INTERVAL_MS}")
        for sequence in range(1, (request.count or _COUNT) + 1):
            if sequence > 1 and request.interval_ms:
                await asyncio.sleep(request.interval_ms / 1000)
            yield self._reply(request.message, sequence)

    async def EchoCollect(
        self, request_iterator: AsyncIterator[echo_pb2.EchoRequest], context: Any
    ) -> echo_pb2.EchoReply:
        return self._reply(" ".join([request.message async for request in request_iterator]), 1)

    async def EchoChat(
        self, request_iterator: AsyncIterator[echo_pb2.EchoRequest], context: Any
    ) -> AsyncIterator[echo_pb2.EchoReply]:
        sequence = 0
        async for request in request_iterator:
            sequence += 1
            yield self._reply(request.message, sequence)

    def _reply(self, message: str, sequence: int) -> echo_pb2.EchoReply:
        return echo_pb2.EchoReply(message=message, instance=self._instance, sequence=sequence)
