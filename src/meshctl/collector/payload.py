"""What senders get back, in the format they have sent."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from meshctl.adapters.otlp.framing import encoded, framed
from meshctl.collector.rejected import RequestRejected

if TYPE_CHECKING:
    from meshctl.collector.memory import Ingested

PROTOBUF, JSON = b"application/x-protobuf", b"application/json"


def response(taken: Ingested, content_type: bytes) -> bytes:
    """An ``ExportTraceServiceResponse``; partial success only if something was rejected or must be said."""
    if not taken.rejected and not taken.message:
        return b"" if content_type == PROTOBUF else b"{}"
    if content_type == PROTOBUF:
        return _partial(taken.rejected, taken.message)
    # 64-bit integers are strings in OTLP JSON.
    said = {"rejectedSpans": str(taken.rejected), "errorMessage": taken.message}
    return json.dumps({"partialSuccess": said}).encode()


def status(refusal: RequestRejected, content_type: bytes) -> bytes:
    """A ``google.rpc.Status``; as protobuf ``int32 code = 1; string message = 2``."""
    if content_type != PROTOBUF:
        return json.dumps({"code": refusal.code, "message": str(refusal)}).encode()
    message = str(refusal).encode()
    return b"\x08" + encoded(refusal.code) + framed(0x12, message)


@lru_cache(maxsize=64)
def _partial(rejected: int, message: str) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()
