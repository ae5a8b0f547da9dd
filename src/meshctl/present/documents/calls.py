"""``call``: a reply, and with ``--trace`` what the request has caused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meshctl.model.calls import CallReply

if TYPE_CHECKING:
    from meshctl.model.containers import LogLine
    from meshctl.model.traces import Trace
    from meshctl.model.waterfall import Waterfall


def reply_to_data(reply: CallReply) -> dict[str, Any]:
    """The reply alone; ``trace`` is null."""
    return {
        "service": reply.service,
        "instance": reply.instance,
        "protocol": reply.protocol,
        "status": reply.status,
        "elapsed_ms": round(reply.elapsed_ms, 2),
        "headers": dict(reply.headers),
        "body": reply.body,
        "trace_id": reply.trace_id,
        "trace": None,
    }


def caused_to_data(trace: Trace | None, lines: Sequence[LogLine]) -> dict[str, Any]:
    """What ``--trace`` adds to a reply: ``trace`` (null when nothing is known of it) and ``logs``."""
    if trace is None:
        return {"trace": None, "logs": []}
    from meshctl.core.traces.waterfall import waterfall
    from meshctl.present.documents.logs import line_to_data
    from meshctl.present.documents.waterfall import trace_to_data

    return {"trace": trace_to_data(trace, waterfall(trace)), "logs": [line_to_data(line) for line in lines]}


def reply_from_data(data: Any) -> CallReply:
    """Raises DocumentError. Whether it is ``ok`` follows from the status: HTTP below 400, gRPC ``OK``."""
    from meshctl.present.documents.reading import Fields, text

    fields = Fields(data)
    status = fields.any("status")
    if not isinstance(status, str):
        status = fields.integer("status")
    return CallReply(
        service=fields.text("service"),
        instance=fields.text("instance"),
        protocol=fields.text("protocol"),
        status=status,
        ok=status < 400 if isinstance(status, int) else status == "OK",
        elapsed_ms=fields.number("elapsed_ms"),
        headers=fields.mapping("headers", text),
        body=fields.any("body"),
        trace_id=fields.text("trace_id"),
    )


def caused_from_data(data: Any) -> tuple[tuple[Trace, Waterfall] | None, tuple[LogLine, ...]]:
    """The trace and the log lines of a reply; none where it was not traced. Raises DocumentError."""
    from meshctl.present.documents.logs import line_from_data
    from meshctl.present.documents.reading import Fields
    from meshctl.present.documents.waterfall import trace_from_data

    fields = Fields(data)
    trace = fields.read("trace", trace_from_data) if fields.has("trace") else None
    return trace, fields.each("logs", line_from_data) if fields.has("logs") else ()
