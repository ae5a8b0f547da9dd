"""``logs``: lines that containers wrote."""

from __future__ import annotations

from typing import Any

from meshctl.model.containers import LogLine
from meshctl.present.documents.reading import Fields


def line_to_data(line: LogLine) -> dict[str, Any]:
    """``time`` is Unix seconds."""
    return {
        "service": line.service,
        "instance": line.instance_id,
        "time": line.time,
        "stream": line.stream,
        "text": line.text,
    }


def line_from_data(data: Any) -> LogLine:
    """Raises DocumentError."""
    fields = Fields(data)
    words = (fields.text(key) for key in ("service", "instance", "stream", "text"))
    service, instance, stream, text = words
    return LogLine(service, instance, fields.number("time"), stream, text)
