"""What a call to another service can end in.

UpstreamError            it answered with a failure of its own (HTTP 500, gRPC INTERNAL)
└── UpstreamUnavailable  no healthy instance, no answer after all attempts, or the breaker is open
"""

from __future__ import annotations


class UpstreamError(Exception):
    """`target` failed; `status` is its HTTP status or the name of its gRPC code, None without an answer."""

    def __init__(self, target: str, detail: str, *, status: int | str | None = None) -> None:
        super().__init__(f"{target}: {detail}")
        self.target = target
        self.detail = detail
        self.status = status


class UpstreamUnavailable(UpstreamError):
    """Nobody answers for `target` right now; the same call may succeed later.

    `sent` is False if the request certainly reached nobody, `rejected` True if the breaker was open.
    """

    def __init__(
        self,
        target: str,
        detail: str,
        *,
        status: int | str | None = None,
        sent: bool = True,
        rejected: bool = False,
    ) -> None:
        super().__init__(target, detail, status=status)
        self.sent = sent
        self.rejected = rejected
