"""One trace with what its waterfall shows: ``traces show``, and ``call --trace``."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshctl.core.traces.waterfall.tree import NO_PARENT
from meshctl.model.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus
from meshctl.model.traces import Trace
from meshctl.model.waterfall import Mark, Waterfall, WaterfallRow
from meshctl.present.documents.milliseconds import to_ms, to_ns
from meshctl.present.documents.reading import DocumentError, Fields, integer, text, word


def trace_to_data(trace: Trace, w: Waterfall) -> dict[str, Any]:
    """Spans in the order of the rows, ids and times as they were sent; durations of the root in ms."""
    # Spans of one sender share their resource.
    shared = {id(row.span.resource): row.span.resource for row in w.rows}
    resources = {key: plain_value(resource) for key, resource in shared.items()}
    return {
        "trace_id": trace.trace_id,
        "duration_ms": to_ms(w.root_ns),
        "critical_path_ms": to_ms(w.critical_ns),
        "services": dict(w.services),
        "errors": w.errors,
        "settled": trace.settled,
        "truncated": trace.truncated,
        "notes": list(w.notes),
        "spans": [_row_to_data(row, resources[id(row.span.resource)]) for row in w.rows],
    }


def trace_from_data(data: Any) -> tuple[Trace, Waterfall]:
    """The spans in the order of the rows, and what the document tells about them. Raises DocumentError.

    Not in it: where in a row its critical stretches are (it counts as a whole), corrected durations, whether the
    trace is pinned. ``core.traces.waterfall`` lays the spans out anew where that matters.
    """
    fields = Fields(data)
    rows = _with_families(fields.each("spans", _row))
    trace = Trace(
        trace_id=fields.text("trace_id"),
        spans=tuple(row.span for row in rows),
        settled=fields.flag("settled"),
        truncated=fields.integer("truncated"),
    )
    return trace, Waterfall(
        trace_id=trace.trace_id,
        rows=rows,
        start_ns=rows[0].span.start_ns - rows[0].start_ns if rows else 0,
        duration_ns=max((row.end_ns for row in rows), default=0),
        root_ns=to_ns(fields.number("duration_ms")),
        critical_ns=to_ns(fields.number("critical_path_ms")),
        services=fields.mapping("services", integer),
        errors=fields.integer("errors"),
        truncated=trace.truncated,
        notes=fields.each("notes", text),
    )


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


def _row_to_data(row: WaterfallRow, resource: dict[str, Any]) -> dict[str, Any]:
    span = row.span
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "service": span.service,
        "name": span.name,
        "kind": span.kind.value,
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
        "resource": resource,
        "scope": span.scope,
        "instance": span.instance,
        "depth": row.depth,
        "offset_ns": row.start_ns,
        "self_ns": row.self_ns,
        "critical": bool(row.critical),
        "marks": [mark.value for mark in row.marks],
        "target": row.target,
    }


def _row(data: Any) -> WaterfallRow:
    """Without its parent and descendants, which the rows around it tell."""
    fields = Fields(data)
    span = _span(fields)
    start, duration = fields.integer("offset_ns"), max(0, span.duration_ns)
    return WaterfallRow(
        span=span,
        depth=fields.integer("depth"),
        parent=NO_PARENT,
        descendants=0,
        start_ns=start,
        duration_ns=duration,
        self_ns=fields.integer("self_ns"),
        critical=((start, start + duration),) if fields.flag("critical") else (),
        marks=fields.each("marks", lambda mark: word(Mark, mark)),
        target=fields.text("target"),
    )


def _span(fields: Fields) -> Span:
    return Span(
        trace_id=fields.text("trace_id"),
        span_id=fields.text("span_id"),
        parent_id=fields.text("parent_id"),
        service=fields.text("service"),
        name=fields.text("name"),
        kind=fields.word("kind", SpanKind),
        start_ns=fields.integer("start_ns"),
        duration_ns=fields.integer("duration_ns"),
        status=fields.word("status", SpanStatus),
        status_message=fields.text("status_message"),
        instance=fields.text("instance"),
        scope=fields.text("scope") if fields.has("scope") else "",
        attributes=fields.object("attributes"),
        resource=fields.object("resource") if fields.has("resource") else {},
        events=fields.each("events", _event),
        links=fields.each("links", _link),
    )


def _event(data: Any) -> SpanEvent:
    fields = Fields(data)
    return SpanEvent(fields.text("name"), fields.integer("time_ns"), fields.object("attributes"))


def _link(data: Any) -> SpanLink:
    fields = Fields(data)
    return SpanLink(fields.text("trace_id"), fields.text("span_id"), fields.object("attributes"))


def _with_families(rows: Sequence[WaterfallRow]) -> tuple[WaterfallRow, ...]:
    """The rows with what their depths say: each one's parent, and how many rows are below it."""
    parents: list[int] = []
    above: list[int] = []
    for index, row in enumerate(rows):
        if not 0 <= row.depth <= len(above):
            raise DocumentError(f"spans[{index}].depth", f"{row.depth} is below no row")
        del above[row.depth :]
        parents.append(above[-1] if above else NO_PARENT)
        above.append(index)
    below = [0] * len(rows)
    for index in range(len(rows) - 1, -1, -1):
        if parents[index] != NO_PARENT:
            below[parents[index]] += below[index] + 1
    return tuple(
        replace(row, parent=parent, descendants=number)
        for row, parent, number in zip(rows, parents, below, strict=True)
    )
