"""Why a request is not taken, for either protocol."""

from __future__ import annotations

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
