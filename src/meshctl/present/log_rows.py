"""Log lines as toned lines: structured ones are taken apart into time, level, event and fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache

from meshctl.model.containers import LogLine
from meshctl.present.lines import ACCENT, BAD, MUTED, WARN, Line, Segment, plain, service_tone
from meshctl.present.text import pad, unstyled

_NAME_WIDTH, _LEVEL_WIDTH = 16, 7
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


def log_row(line: LogLine, *, ids: bool = True) -> Line:
    """``14:02:07.123  orders-1  info  order.created  order_id=1``; other text stays as it is.

    Without ``ids`` the trace and span ids are left out: for lines of one trace they all say the same.
    """
    moment = datetime.fromtimestamp(line.time, tz=UTC).astimezone()
    when = Segment(f" {moment:%H:%M:%S}.{moment.microsecond // 1000:03d} ", MUTED)
    head = (when, _who(line.instance_id, line.service))
    fields = _fields(line.text)
    if fields is not None:
        return (*head, *_structured(fields if ids else {k: v for k, v in fields.items() if k not in _IDS}))
    return (*head, Segment(" " * 8), Segment(unstyled(line.text), WARN if line.stream == "stderr" else ""))


def log_text(text: str) -> str:
    """The line alone in words, such as ``error call failed  target=users``."""
    fields = _fields(text)
    if fields is None:
        return unstyled(text.strip())
    level, *rest = _structured({key: value for key, value in fields.items() if key not in _LAST_KEYS})
    return " ".join(f"{level.text} {plain(rest)}".split())


@lru_cache(maxsize=256)
def _who(instance_id: str, service: str) -> Segment:
    return Segment(f"{pad(instance_id, _NAME_WIDTH)} ", service_tone(service))


def _fields(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _structured(fields: dict[str, object]) -> list[Segment]:
    event = _shown(_first(fields, _EVENT_KEYS))
    spans = [_level(str(_first(fields, _LEVEL_KEYS))[: 2 * _LEVEL_WIDTH]), Segment(event)]
    for key, value in sorted(fields.items(), key=lambda field: field[0] in _LAST_KEYS):
        if key not in _KNOWN_KEYS and value not in (None, ""):
            spans += [Segment(f"  {key}=", MUTED), Segment(_shown(value), ACCENT if key == "trace_id" else "")]
    return spans


@lru_cache(maxsize=64)
def _level(said: str) -> Segment:
    level = said.lower()
    return Segment(f"{pad(level, _LEVEL_WIDTH)} ", _LEVEL_TONES.get(level, MUTED))


def _first(fields: dict[str, object], keys: tuple[str, ...]) -> object:
    return next((fields[key] for key in keys if key in fields), "")


def _shown(value: object) -> str:
    return unstyled(value) if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
