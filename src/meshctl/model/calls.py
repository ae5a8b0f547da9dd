"""Requests to services and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshctl.errors import MeshError
    from meshctl.model.containers import LogLine
    from meshctl.model.spans import Span
    from meshctl.model.traces import Trace


#: Protocols that a request is made in.
HTTP = "http"
GRPC = "grpc"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one instance answers: ``host:port`` reachable from this process."""

    service: str
    instance: str
    address: str


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What ``meshctl call`` was asked. ``target`` is ``/path`` with ``method`` or ``pkg.Service/Method`` with ''."""

    service: str
    method: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 10.0
    instance: str = ""

    @property
    def protocol(self) -> str:
        return HTTP if self.method else GRPC


@dataclass(frozen=True, slots=True)
class CallReply:
    """``protocol`` http or grpc; ``status`` the HTTP code, or the gRPC status name; ``body`` parsed JSON or text.

    ``content`` is the body as it came (HTTP alone). The request itself was sent at ``began_ns`` (Unix nanoseconds,
    0 unknown), after a gRPC method was looked up.
    """

    service: str
    instance: str
    protocol: str
    status: int | str
    ok: bool
    elapsed_ms: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    trace_id: str = ""
    began_ns: int = field(default=0, compare=False)
    content: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SentCall:
    """A request that was made: the client span that stands for it, and its answer, or why it got none."""

    endpoint: Endpoint
    span: Span
    reply: CallReply | None = None
    error: MeshError | None = None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What came of a request: its trace, None when nothing is known of it, and the log lines that carry its id.

    ``missing`` says why one of them could not be read.
    """

    sent: SentCall
    trace: Trace | None = None
    logs: tuple[LogLine, ...] = ()
    missing: MeshError | None = None

    @property
    def reply(self) -> CallReply | None:
        return self.sent.reply

    @property
    def answered(self) -> bool:
        """Whether the trace has a span that the request has caused."""
        ours = self.sent.span.span_id
        return self.trace is not None and any(span.parent_id == ours for span in self.trace.spans)
