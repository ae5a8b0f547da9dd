"""Requests to services and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
