"""W3C Trace Context, level 1: the ``traceparent`` header that names the trace a request belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

HEADER = "traceparent"
_VALID = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def new_traceparent() -> str:
    """A fresh, sampled trace."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


def trace_id_of(traceparent: str) -> str:
    """The trace id, 32 hex digits, or '' when the header is malformed."""
    found = _VALID.fullmatch(traceparent.strip())
    return found.group(1) if found else ""


def with_traceparent(headers: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], str]:
    """The headers with a ``traceparent``, and its trace id. One the caller gave is kept as it is."""
    given = tuple(headers)
    for name, value in given:
        if name.lower() == HEADER:
            return given, trace_id_of(value)
    fresh = new_traceparent()
    return (*given, (HEADER, fresh)), trace_id_of(fresh)


def child_of(traceparent: str) -> tuple[tuple[str, str, str], str]:
    """(trace, span, parent) of a new sampled span, and its header; a header that is not valid begins a trace."""
    given = _VALID.fullmatch(traceparent.strip())
    trace_id, parent_id = (given.group(1), given.group(2)) if given else (os.urandom(16).hex(), "")
    span_id = os.urandom(8).hex()
    return (trace_id, span_id, parent_id), f"00-{trace_id}-{span_id}-01"
