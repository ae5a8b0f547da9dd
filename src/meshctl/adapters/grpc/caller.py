"""Sends one unary gRPC request to one instance, knowing nothing of it but what its reflection tells."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor

from meshctl.adapters.grpc.messages import decode, encode
from meshctl.adapters.grpc.reflection import NoReflection, Reflection
from meshctl.errors import CallError, CallTimeout, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint

#: A larger answer ends as RESOURCE_EXHAUSTED.
MAX_ANSWER = 8 * 1024 * 1024

_KEY = re.compile(r"[0-9a-z_.-]+")
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", MAX_ANSWER),
)


class GrpcCaller:
    """A ``Caller`` for gRPC without TLS."""

    def __init__(self) -> None:
        self._exchange: _Exchange | None = None
        self._aborted = False

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        """A status other than OK is a reply.

        Raises CallTimeout when ``timeout_s`` runs out, CallError if the server cannot be reached or has no
        reflection, UsageError for an unknown method or a body that does not fit.
        """
        self._exchange = _Exchange(endpoint, request)
        if self._aborted:
            self._exchange.abort()
        return self._exchange.run()

    def abort(self) -> None:
        """Callable from any thread: the request under way fails at once, and one that comes later too."""
        self._aborted = True
        if self._exchange is not None:
            self._exchange.abort()


class _Exchange:
    def __init__(self, endpoint: Endpoint, request: CallRequest) -> None:
        self._endpoint = endpoint
        self._request = request
        self._deadline = time.monotonic() + request.timeout_s
        self._channel = grpc.insecure_channel(endpoint.address, options=_OPTIONS)

    def abort(self) -> None:
        self._channel.close()

    def run(self) -> CallReply:
        try:
            return self._run()
        except NoReflection as error:
            raise CallError(
                f"{self._endpoint.instance} does not offer gRPC server reflection",
                hint="Switch it on in the service; in Python: grpc_reflection's enable_server_reflection.",
            ) from error
        except grpc.RpcError as error:
            raise self._unreached(error) from error
        finally:
            self._channel.close()

    def _run(self) -> CallReply:
        reflection = Reflection(self._channel, self._remaining)
        method = reflection.method(self._request.target)
        _refuse_streams(method)
        wire = encode(self._request.body, method.input_type, reflection.pool)
        metadata = _metadata(self._request.headers)
        began_ns, started = time.time_ns(), time.monotonic()
        answer, call = self._unary(method, wire, metadata)
        elapsed_ms = (time.monotonic() - started) * 1000
        code: grpc.StatusCode = call.code()
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and time.monotonic() >= self._deadline:
            raise self._timeout()
        body = (
            {"code": code.name, "message": call.details() or ""}
            if answer is None
            else decode(answer, method.output_type, reflection.pool)
        )
        return CallReply(
            service=self._endpoint.service,
            instance=self._endpoint.instance,
            protocol="grpc",
            status=code.name,
            ok=code is grpc.StatusCode.OK,
            elapsed_ms=round(elapsed_ms, 3),
            headers=_headers_of(call),
            body=body,
            began_ns=began_ns,
        )

    def _unary(
        self, method: MethodDescriptor, wire: bytes, metadata: tuple[tuple[str, str | bytes], ...]
    ) -> tuple[bytes | None, Any]:
        """The answer's bytes, None when the status is not OK, and the call that tells status and metadata."""
        path = f"/{method.containing_service.full_name}/{method.name}"
        unary = self._channel.unary_unary(path, request_serializer=None, response_deserializer=None)
        try:
            answer, call = unary.with_call(wire, timeout=self._remaining(), metadata=metadata)
        except grpc.RpcError as error:
            return None, error
        return answer, call

    def _remaining(self) -> float:
        return max(self._deadline - time.monotonic(), 0.001)

    def _unreached(self, error: grpc.RpcError) -> CallError:
        """What a failed reflection means."""
        who, code, details = self._endpoint.instance, error.code(), error.details() or ""
        logs = f"See meshctl logs {self._endpoint.service}."
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return self._timeout()
        if code is grpc.StatusCode.UNAVAILABLE and "refused" in details.lower():
            return CallError(f"{who} refuses connections at {self._endpoint.address}", hint=logs)
        if code is grpc.StatusCode.UNAVAILABLE:
            return CallError(f"{who} does not answer in gRPC at {self._endpoint.address}", hint=logs)
        return CallError(f"{who} does not tell its methods: {code.name} {details}".rstrip(), hint=logs)

    def _timeout(self) -> CallTimeout:
        return CallTimeout(
            f"{self._endpoint.instance} did not answer within {self._request.timeout_s:g} s",
            hint=f"Give it --timeout, or see meshctl logs {self._endpoint.service}.",
        )


def _refuse_streams(method: MethodDescriptor) -> None:
    if _streams(method):
        name = f"{method.containing_service.full_name}/{method.name}"
        unary = [m.name for m in method.containing_service.methods if not _streams(m)]
        raise UsageError(
            f"{name} streams, and streaming is not supported yet",
            hint=f"Unary methods: {', '.join(unary) or 'none'}.",
        )


def _streams(method: MethodDescriptor) -> bool:
    return bool(method.client_streaming or method.server_streaming)


def _metadata(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str | bytes], ...]:
    """Names in lower case, ``-bin`` values from base64. Raises UsageError for what gRPC cannot carry."""
    return tuple((name.lower(), _value(name.lower(), value)) for name, value in headers)


def _value(name: str, value: str) -> str | bytes:
    if not _KEY.fullmatch(name) or name.startswith("grpc-"):
        raise UsageError(f"gRPC cannot carry the header '{name}'", hint="Letters, digits, - _ and . will do.")
    if name.endswith("-bin"):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise UsageError(f"the header '{name}' is not base64", hint="gRPC's -bin headers are.") from error
    if not (value.isascii() and value.isprintable()):
        raise UsageError(f"gRPC cannot carry the value of the header '{name}'", hint="It must be ASCII text.")
    return value


def _headers_of(call: Any) -> Mapping[str, str]:
    """Initial and trailing metadata; ``-bin`` values as base64, repeated ones joined with commas."""
    headers: dict[str, str] = {}
    for name, value in (*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())):
        text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers
