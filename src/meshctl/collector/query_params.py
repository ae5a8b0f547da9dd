"""The parameters of a query, checked. Raises BadParameter with a sentence for whoever typed them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import QueryParams

from meshctl.model.traces import TraceQuery

#: Traces that one search may bring, and that one export may name.
MAX_LIMIT = 5000
MAX_EXPORT = 200

#: Milliseconds that one request may wait for a trace.
MAX_SETTLE_MS = 120_000

_MS = 1_000_000
_FOREVER_NS = 2**63 - 1
_TRACE_ID = re.compile(r"[0-9a-f]{4,32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class BadParameter(ValueError):
    """A parameter cannot be understood."""


def trace_query(words: QueryParams) -> TraceQuery:
    """``service operation text limit error min_duration_ms max_duration_ms since_ns until_ns attribute=k=v …``."""
    error = words.get("error", "")
    if error and error.lower() not in _TRUTH:
        raise BadParameter(f"error must be true or false, not {error!r}")
    return TraceQuery(
        service=words.get("service", ""),
        operation=words.get("operation", ""),
        min_duration_ns=int(number(words, "min_duration_ms") * _MS),
        max_duration_ns=int(number(words, "max_duration_ms") * _MS),
        error=_TRUTH[error.lower()] if error else None,
        attributes=tuple(_attribute(word) for word in words.getlist("attribute")),
        since_ns=whole(words, "since_ns", most=_FOREVER_NS),
        until_ns=whole(words, "until_ns", most=_FOREVER_NS),
        text=words.get("text", ""),
        limit=limit(words),
    )


def limit(words: QueryParams, default: int = 20) -> int:
    """``limit``, 1 to 5000."""
    return whole(words, "limit", default, least=1, most=MAX_LIMIT)


def trace_id(word: str) -> str:
    """A trace id or the beginning of one, in lower case."""
    found = word.lower()
    if not _TRACE_ID.fullmatch(found):
        raise BadParameter(f"{word[:80]!r} is no trace id: 32 hexadecimal digits, or the first 4 and more of them")
    return found


def span_id(word: str) -> str:
    """A span id in lower case, or ''."""
    found = word.lower()
    if found and not _SPAN_ID.fullmatch(found):
        raise BadParameter(f"{word[:80]!r} is no span id: 16 hexadecimal digits")
    return found


def whole(words: Mapping[str, str], name: str, default: int = 0, *, least: int = 0, most: int) -> int:
    """An integer within bounds."""
    word = words.get(name, "")
    if not word:
        return default
    if not re.fullmatch(r"-?[0-9]{1,19}", word):
        raise BadParameter(f"{name} must be a whole number, not {word[:80]!r}")
    value = int(word)
    if not least <= value <= most:
        raise BadParameter(f"{name} must be {least} to {most}, not {value}")
    return value


def number(words: Mapping[str, str], name: str, default: float = 0.0) -> float:
    """A number of at least 0."""
    word = words.get(name, "")
    try:
        value = float(word) if word else default
    except ValueError:
        raise BadParameter(f"{name} must be a number, not {word[:80]!r}") from None
    if not 0 <= value < 1e12:
        raise BadParameter(f"{name} must be 0 or more, not {word[:80]!r}")
    return value


def _attribute(word: str) -> tuple[str, str]:
    key, sign, value = word.partition("=")
    if not key or not sign:
        raise BadParameter(f"attribute must be key=value, not {word[:80]!r}")
    return key, value
