"""Log lines as toned lines: structured ones are taken apart into time, level, event and fields."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from meshctl.model.containers import LogLine
from meshctl.present.cells import fit
from meshctl.present.lines import ACCENT, BAD, MUTED, WARN, Line, Segment, service_tone

_NAME_WIDTH = 16
_EVENT_KEYS = ("event", "message", "msg")
_LEVEL_KEYS = ("level", "levelname", "severity")
#: Told already by the row itself.
_KNOWN_KEYS = {*_EVENT_KEYS, *_LEVEL_KEYS, "timestamp", "time", "ts", "service", "instance"}
#: Long and seldom read: what is cut at the edge of the screen may as well be these.
_LAST_KEYS = ("trace_id", "span_id", "logger")
_IDS = ("trace_id", "span_id")
_LEVEL_TONES = {
    "debug": MUTED,
    "info": "",
    "warning": WARN,
    "warn": WARN,
    "error": BAD,
    "critical": BAD,
    "fatal": BAD,
}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def log_row(line: LogLine, *, ids: bool = True) -> Line:
    """``14:02:07.123  orders-1  info  order.created  order_id=1``; other text stays as it is.

    Without ``ids`` the trace and span ids are left out: for lines of one trace they all say the same.
    """
    moment = datetime.fromtimestamp(line.time, tz=UTC).astimezone()
    head = (
        Segment(f" {moment:%H:%M:%S}.{moment.microsecond // 1000:03d} ", MUTED),
        Segment(f"{fit(line.instance_id, _NAME_WIDTH).ljust(_NAME_WIDTH)} ", service_tone(line.service)),
    )
    fields = _fields(line.text)
    if fields is not None:
        return (*head, *_structured(fields if ids else {k: v for k, v in fields.items() if k not in _IDS}))
    text = _CONTROL.sub("", line.text.expandtabs(4))
    return (*head, Segment(" " * 8), Segment(text, WARN if line.stream == "stderr" else ""))


def _fields(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _structured(fields: dict[str, object]) -> list[Segment]:
    level = str(_first(fields, _LEVEL_KEYS)).lower()
    event = _clean(_first(fields, _EVENT_KEYS))
    spans = [Segment(f"{fit(level, 7).ljust(7)} ", _LEVEL_TONES.get(level, MUTED)), Segment(event)]
    for key, value in sorted(fields.items(), key=lambda field: field[0] in _LAST_KEYS):
        if key not in _KNOWN_KEYS and value not in (None, ""):
            spans += [Segment(f"  {key}=", MUTED), Segment(_clean(value), ACCENT if key == "trace_id" else "")]
    return spans


def _first(fields: dict[str, object], keys: tuple[str, ...]) -> object:
    return next((fields[key] for key in keys if key in fields), "")


def _clean(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return _CONTROL.sub("", text.replace("\n", " ⏎ "))
