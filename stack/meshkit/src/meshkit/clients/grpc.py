"""gRPC calls to another service of the mesh by its registry name."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import grpc
from opentelemetry.trace import Span

from meshkit import tracing
from meshkit.consul import Instance
from meshkit.discovery import Directory
from meshkit.errors import UpstreamError, UpstreamUnavailable

from .resilience import Call, Resilience

_READS = ("Get", "List", "BatchGet")  # the standard methods of Google's AIP-130 without side effects
_UNANSWERED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_BROKEN = (
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
_open: weakref.WeakSet[GrpcClient] = weakref.WeakSet()


class GrpcClient:
    """A client of `target`; `stub` makes the generated stub of a channel. Unary calls only."""

    def __init__(
        self,
        target: str,
        stub: Callable[[Any], Any],
        *,
        timeout_s: float = 2.0,
        attempts: int = 3,
        directory: Directory | None = None,
    ) -> None:
        self.target = target
        self._make_stub = stub
        self._timeout_s = timeout_s
        self._paths = stub(_Paths())
        self._stubs: dict[str, tuple[grpc.aio.Channel, Any]] = {}
        self._resilience = Resilience(target, attempts=attempts, directory=directory)

    async def call(
        self, method: str, request: Any, *, timeout_s: float | None = None, idempotent: bool | None = None
    ) -> Any:
        """The reply of `method`, such as "GetUser".

        grpc.aio.AioRpcError: the service refused (NOT_FOUND, INVALID_ARGUMENT, …). UpstreamError: it is
        broken (INTERNAL, …). UpstreamUnavailable: no answer after the attempts. What is not `idempotent`
        (default: Get… and List… are) is not sent twice.
        """
        safe = method.startswith(_READS) if idempotent is None else idempotent
        limit = timeout_s or self._timeout_s

        async def send(instance: Instance, span: Span) -> Any:
            metadata = tuple(tracing.headers().items())
            try:
                reply = await getattr(self._stub(instance), method)(request, timeout=limit, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                span.set_attribute("rpc.response.status_code", error.code().name)
                raise self._judged(error, instance) from error
            span.set_attribute("rpc.response.status_code", "OK")
            return reply

        return await self._resilience.run(self._call(method), send, idempotent=safe)

    async def close(self) -> None:
        stubs, self._stubs = self._stubs, {}
        for channel, _ in stubs.values():
            await channel.close(None)

    def _call(self, method: str) -> Call:
        path = getattr(self._paths, method)
        return Call(path, {"rpc.system.name": "grpc", "rpc.method": path})

    def _stub(self, instance: Instance) -> Any:
        if instance.grpc not in self._stubs:
            channel = grpc.aio.insecure_channel(instance.grpc, options=_OPTIONS)
            self._stubs[instance.grpc] = (channel, self._make_stub(channel))
            _open.add(self)
        return self._stubs[instance.grpc][1]

    def _judged(self, error: grpc.aio.AioRpcError, instance: Instance) -> Exception:
        code, said = error.code(), f"{instance.id}: {error.code().name} {error.details() or ''}".rstrip()
        if code in _UNANSWERED:
            return UpstreamUnavailable(self.target, said, status=code.name)
        if code in _BROKEN:
            return UpstreamError(self.target, said, status=code.name)
        return error


class _Paths:
    """A channel of which a stub gets the full names of its methods, such as "users.v1.UserService/GetUser"."""

    def __getattr__(self, kind: str) -> Callable[..., str]:
        return lambda path, *_, **__: path.strip("/")


async def close_grpc_clients() -> None:
    """Close the channels of every client of this process."""
    for client in list(_open):
        await client.close()
