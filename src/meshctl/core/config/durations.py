"""Durations and byte sizes as the Compose Specification writes them."""

from __future__ import annotations

import re

from meshctl.core.config.problems import Wrong
from meshctl.core.config.scalars import describe

_UNIT_S = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+\Z")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([bkmgt]?)(?:i?b)?\Z", re.IGNORECASE)
_SIZE_FACTOR = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def duration(value: object) -> float:
    """Seconds of ``500ms``, ``1s``, ``1m30s``. Raises Wrong."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    text = value.strip() if isinstance(value, str) else ""
    if text == "0":
        return 0.0
    if not _DURATION.match(text):
        hint = f"Give it a unit: {value}s." if _is_number(value) else ""
        raise Wrong(f"expected a duration such as 500ms, 1s or 1m30s, found {describe(value)}", hint=hint)
    return sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(text))


def positive_duration(value: object) -> float:
    """A duration above zero. Raises Wrong."""
    seconds = duration(value)
    if seconds <= 0:
        raise Wrong("expected a duration above zero")
    return seconds


def written(seconds: float) -> str:
    """The shortest duration in Compose's words: ``500ms``, ``90s``."""
    if seconds == int(seconds):
        return f"{int(seconds)}s"
    return f"{seconds * 1000:.10g}ms"


def byte_size(value: object) -> int:
    """Bytes of ``512m``, ``1gb`` or a plain number. Raises Wrong."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    match = _SIZE.match(text)
    if match is None:
        raise Wrong(f"expected a size such as 512m or 1g, found {describe(value)}")
    return int(float(match[1]) * _SIZE_FACTOR[match[2].lower()])


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)
