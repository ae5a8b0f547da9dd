"""What senders get back, in the format they have sent; and why a request is not taken, for either protocol."""

from __future__ import annotations

import json
from functools import lru_cache

from meshctl.adapters.otlp.framing import encoded, framed
from meshctl.collector.traces.memory import Ingested

PROTOBUF, JSON = b"application/x-protobuf", b"application/json"

#: gRPC status codes, which are those of ``google.rpc.Code`` too.
INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE = 3, 4, 8, 12, 14


class RequestRejected(Exception):
    """``status`` is the HTTP status, ``code`` the ``google.rpc.Code``; ``str`` says why in one sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def too_large(limit: int) -> RequestRejected:
    """A message beyond the limit, as it came or decompressed."""
    return RequestRejected(413, RESOURCE_EXHAUSTED, f"a request may have {limit} bytes, decompressed")


def unreadable(why: str) -> RequestRejected:
    """A body that is not what its header says."""
    return RequestRejected(400, INVALID_ARGUMENT, why)


def export_response(ingested: Ingested, content_type: bytes) -> bytes:
    """An ``ExportTraceServiceResponse``; partial success only if something was rejected or must be said."""
    if not ingested.rejected and not ingested.message:
        return b"" if content_type == PROTOBUF else b"{}"
    if content_type == PROTOBUF:
        return _partial_success(ingested.rejected, ingested.message)
    # 64-bit integers are strings in OTLP JSON.
    partial = {"rejectedSpans": str(ingested.rejected), "errorMessage": ingested.message}
    return json.dumps({"partialSuccess": partial}).encode()


def rpc_status(rejected: RequestRejected, content_type: bytes) -> bytes:
    """A ``google.rpc.Status``; as protobuf ``int32 code = 1; string message = 2``."""
    if content_type != PROTOBUF:
        return json.dumps({"code": rejected.code, "message": str(rejected)}).encode()
    return b"\x08" + encoded(rejected.code) + framed(0x12, str(rejected).encode())


@lru_cache(maxsize=64)
def _partial_success(rejected: int, message: str) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()
