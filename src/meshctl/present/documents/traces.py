"""``traces``: the list, what a run of ``up`` cost, pins, what was imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from meshctl.model.traces import TraceSummary
from meshctl.model.waterfall import RunCost
from meshctl.present.documents.milliseconds import apart, to_ms, to_ns
from meshctl.present.documents.reading import Fields, each, integer


def summaries_to_data(summaries: Sequence[TraceSummary]) -> list[dict[str, Any]]:
    """``start`` is ISO 8601 in UTC, '' when no calendar has such a day."""
    return [
        {
            "trace_id": summary.trace_id,
            "service": summary.service,
            "name": summary.name,
            "start": _moment(summary.start_ns),
            "start_ns": summary.start_ns,
            "duration_ms": to_ms(summary.duration_ns),
            "duration_ns": summary.duration_ns,
            "spans": summary.spans,
            "errors": summary.errors,
            "services": dict(summary.services),
            "has_root": summary.has_root,
            "pinned": summary.pinned,
            "truncated": summary.truncated,
        }
        for summary in summaries
    ]


def summaries_from_data(data: Any) -> tuple[TraceSummary, ...]:
    """Raises DocumentError. The collector's ``revision`` is not in it."""
    return each(data, _summary)


def cost_to_data(cost: RunCost) -> dict[str, Any]:
    """``cost`` of a trace of ``up``; the last two are null without an earlier run."""
    duration, usual = cost.duration_ns / 1e6, None if cost.usual_ns is None else cost.usual_ns / 1e6
    return {
        "duration_ms": round(duration, 3),
        "runs_before": cost.runs,
        "median_before_ms": None if usual is None else round(usual, 3),
        "change_ms": None if usual is None else round(duration - usual, 3),
    }


def cost_from_data(data: Any) -> RunCost:
    """Raises DocumentError."""
    fields = Fields(data)
    duration_ns, runs = to_ns(fields.number("duration_ms")), fields.integer("runs_before")
    if not fields.has("median_before_ms"):
        return RunCost(duration_ns, runs)
    usual_ns, change_ns = (to_ns(fields.number(key)) for key in ("median_before_ms", "change_ms"))
    usual_ns, duration_ns = apart(usual_ns, duration_ns, change_ns)
    return RunCost(duration_ns, runs, usual_ns)


def pins_to_data(pins: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Which traces are kept whatever the limits say, and which no longer."""
    return [{"trace_id": trace_id, "pinned": pinned} for trace_id, pinned in pins]


def pins_from_data(data: Any) -> tuple[tuple[str, bool], ...]:
    """Raises DocumentError."""
    return tuple((fields.text("trace_id"), fields.flag("pinned")) for fields in each(data, Fields))


def import_to_data(file: str, spans: int) -> dict[str, Any]:
    """How many spans of a file were taken."""
    return {"file": file, "spans": spans}


def import_from_data(data: Any) -> tuple[str, int]:
    """Raises DocumentError."""
    fields = Fields(data)
    return fields.text("file"), fields.integer("spans")


def _moment(unix_ns: int) -> str:
    try:
        return datetime.fromtimestamp(unix_ns / 1e9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (OverflowError, ValueError, OSError):
        return ""


def _summary(data: Any) -> TraceSummary:
    fields = Fields(data)
    return TraceSummary(
        trace_id=fields.text("trace_id"),
        service=fields.text("service"),
        name=fields.text("name"),
        start_ns=fields.integer("start_ns"),
        duration_ns=fields.integer("duration_ns"),
        spans=fields.integer("spans"),
        errors=fields.integer("errors"),
        services=fields.mapping("services", integer),
        has_root=fields.flag("has_root"),
        pinned=fields.flag("pinned"),
        truncated=fields.integer("truncated"),
    )
