"""Traces as data: the documented JSON of ``traces`` and ``call --trace``."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meshctl.model.traces import Span, Trace, TraceSummary
from meshctl.model.waterfall import Waterfall, WaterfallRow


def trace_data(trace: Trace, w: Waterfall) -> dict[str, Any]:
    """One trace: spans in the order of the rows, ids and times as they were sent; durations of the root in ms."""
    return {
        "trace_id": trace.trace_id,
        "duration_ms": _ms(w.root_ns),
        "critical_path_ms": _ms(w.critical_ns),
        "services": dict(w.services),
        "errors": w.errors,
        "settled": trace.settled,
        "truncated": trace.truncated,
        "notes": list(w.notes),
        "spans": [_span_data(row) for row in w.rows],
    }


def summary_data(summary: TraceSummary) -> dict[str, Any]:
    """One row of the list; ``start`` is ISO 8601 in UTC."""
    return {
        "trace_id": summary.trace_id,
        "service": summary.service,
        "name": summary.name,
        "start": moment(summary.start_ns),
        "start_ns": summary.start_ns,
        "duration_ms": _ms(summary.duration_ns),
        "duration_ns": summary.duration_ns,
        "spans": summary.spans,
        "errors": summary.errors,
        "services": dict(summary.services),
        "has_root": summary.has_root,
        "pinned": summary.pinned,
        "truncated": summary.truncated,
    }


def moment(unix_ns: int) -> str:
    """``2026-11-23T12:00:00.000000Z``; '' when no calendar has such a day."""
    try:
        return datetime.fromtimestamp(unix_ns / 1e9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (OverflowError, ValueError, OSError):
        return ""


def plain_value(value: Any) -> Any:
    """What JSON can say: bytes as base64, mappings and sequences of the same, numbers that are none as text."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return value


def _span_data(row: WaterfallRow) -> dict[str, Any]:
    span = row.span
    return {
        **_identity(span),
        "start_ns": span.start_ns,
        "duration_ns": span.duration_ns,
        "status": span.status.value,
        "status_message": span.status_message,
        "attributes": plain_value(span.attributes),
        "events": [
            {"name": event.name, "time_ns": event.time_ns, "attributes": plain_value(event.attributes)}
            for event in span.events
        ],
        "links": [
            {"trace_id": link.trace_id, "span_id": link.span_id, "attributes": plain_value(link.attributes)}
            for link in span.links
        ],
        "instance": span.instance,
        "depth": row.depth,
        "offset_ns": row.start_ns,
        "self_ns": row.self_ns,
        "critical": bool(row.critical),
        "marks": [mark.value for mark in row.marks],
        "target": row.target,
    }


def _identity(span: Span) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "service": span.service,
        "name": span.name,
        "kind": span.kind.value,
    }


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1_000_000, 3)
