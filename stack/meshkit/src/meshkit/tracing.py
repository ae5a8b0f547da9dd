"""W3C Trace Context in and out: this module is the seam that an OpenTelemetry SDK takes over.

A service only ever uses `headers()` for what it sends and `continued()` around what it handles.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$")
HEADER = "traceparent"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Ids in lower-case hex as in the header: 32 digits of trace, 16 of span, 2 of flags."""

    trace_id: str
    span_id: str
    flags: str = "01"

    def child(self) -> TraceContext:
        """A context in the same trace with a span id of its own."""
        return TraceContext(self.trace_id, _hex(8), self.flags)

    def header(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


_current: ContextVar[TraceContext | None] = ContextVar("mesh_trace", default=None)


def current() -> TraceContext | None:
    """The context of what is being handled, None outside of any."""
    return _current.get()


def parse(header: str | None) -> TraceContext | None:
    """The context of a `traceparent` header; None if it is absent or not valid (W3C Trace Context, 3.2.2)."""
    found = _TRACEPARENT.match((header or "").strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, flags)


@contextmanager
def continued(headers: Mapping[str, str] | None = None) -> Iterator[TraceContext]:
    """Within the block a new span of the trace that `headers` name, or of a new trace, is current."""
    parent = parse((headers or {}).get(HEADER))
    context = parent.child() if parent else TraceContext(_hex(16), _hex(8))
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def headers() -> dict[str, str]:
    """Headers to send with an outgoing call or message; outside of any trace they begin one."""
    context = current() or TraceContext(_hex(16), _hex(8))
    return {HEADER: context.header()}


def _hex(size: int) -> str:
    value = secrets.token_hex(size)
    return value if int(value, 16) else _hex(size)
