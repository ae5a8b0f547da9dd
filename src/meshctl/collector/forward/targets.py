"""The two ways to another OTLP receiver, and what its URL means."""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
from collections.abc import Iterable
from typing import Any, NamedTuple

import grpc
import grpc.aio
import httpx

from meshctl.collector.forward.queue import Rejected, Retry, Target
from meshctl.collector.receive.grpc import EXPORT
from meshctl.collector.receive.responses import PROTOBUF
from meshctl.errors import UsageError

#: Seconds one request may take.
TIMEOUT_S = 10.0

_LATER = (429, 502, 503, 504)
_LATER_CODES = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
_HINT = "Such as http://tempo:4318 or grpc://jaeger:4317."
_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 4317, "grpcs": 4317}


class Receiver(NamedTuple):
    """What a URL names. ``path`` is that of OTLP/HTTP."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        where = f"[{self.host}]" if ":" in self.host else self.host
        return f"{where}:{self.port}"


def receiver_of(url: str) -> Receiver:
    """Understand ``http(s)://host[:port][/path]`` or ``grpc(s)://host[:4317]``. Raises UsageError."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError):
        raise UsageError(f"--forward {url} is no URL of an OTLP receiver", hint=_HINT) from None
    if not parts.hostname:
        raise UsageError(f"--forward {url} names no host", hint=_HINT)
    path = parts.path.rstrip("/")
    path = path if path.endswith("/v1/traces") else f"{path}/v1/traces"
    return Receiver(parts.scheme, parts.hostname, port, path)


def refuse_own(receiver: Receiver, own_ports: Iterable[int]) -> None:
    """Raises UsageError when it is one of this collector's own ports. Blocks while it looks the name up."""
    if receiver.port in set(own_ports) and _is_here(receiver.host):
        raise UsageError(
            f"--forward {receiver.scheme}://{receiver} is this collector itself",
            hint="Forward to another one, or leave it out.",
        )


def target_of(receiver: Receiver) -> Target:
    """What sends there; made on the event loop that will use it."""
    if receiver.scheme.startswith("grpc"):
        return GrpcTarget(str(receiver), secure=receiver.scheme == "grpcs")
    return HttpTarget(f"{receiver.scheme}://{receiver}{receiver.path}")


class HttpTarget:
    """OTLP/HTTP with protobuf."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

    async def send(self, body: bytes) -> None:
        """Raises Retry for 429, 502, 503, 504 and without a connection, Rejected for every other failure."""
        headers = {"content-type": PROTOBUF.decode()}
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Retry(f"{self._url}: {error or type(error).__name__}") from error
        if answer.status_code in _LATER:
            after = answer.headers.get("retry-after", "")
            raise Retry(f"{self._url}: HTTP {answer.status_code}", float(after) if after.isdigit() else 0.0)
        if not answer.is_success:
            raise Rejected(f"{self._url}: HTTP {answer.status_code}")

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()


class GrpcTarget:
    """OTLP/gRPC."""

    def __init__(self, where: str, *, secure: bool) -> None:
        options = [("grpc.max_receive_message_length", 1 << 20)]
        self._where = where
        channel: Any = (
            grpc.aio.secure_channel(where, grpc.ssl_channel_credentials(), options=options)
            if secure
            else grpc.aio.insecure_channel(where, options=options)
        )
        self._channel = channel
        self._export = channel.unary_unary(EXPORT)

    async def send(self, body: bytes) -> None:
        """Raises Retry for the codes that OTLP calls retryable, Rejected for every other."""
        try:
            await self._export(body, timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            message = f"{self._where}: {error.code().name} {error.details() or ''}".strip()
            if error.code() in _LATER_CODES:
                raise Retry(message) from error
            raise Rejected(message) from error

    async def close(self) -> None:
        """Close its connections."""
        await self._channel.close()


def _is_here(host: str) -> bool:
    """Whether a name is an address of this machine: only such an address can be bound. An unknown name is not."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except OSError:
        return False
    for family, kind, protocol, _, address in found:
        if ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
            return True
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.bind((address[0], 0, *address[2:]))
                return True
        except OSError:
            continue
    return False
