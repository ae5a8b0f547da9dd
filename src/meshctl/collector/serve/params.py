"""The parameters of a query, checked. Raises BadParameter with a sentence that names the parameter."""

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

#: Milliseconds of a duration: thirty years.
_LONGEST_MS = 10**12

_MS = 1_000_000
_FOREVER_NS = 2**63 - 1
_TRACE_ID = re.compile(r"[0-9a-f]{4,32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class BadParameter(ValueError):
    """A parameter cannot be understood."""


def trace_query(params: QueryParams) -> TraceQuery:
    """``service operation text limit error min_duration_ms max_duration_ms since_ns until_ns attribute=k=v …``."""
    error = params.get("error", "").lower()
    if error and error not in _BOOLEANS:
        raise BadParameter(f"error must be true or false, not {error[:80]!r}")
    return TraceQuery(
        service=params.get("service", ""),
        operation=params.get("operation", ""),
        min_duration_ns=int(number(params, "min_duration_ms", most=_LONGEST_MS) * _MS),
        max_duration_ns=int(number(params, "max_duration_ms", most=_LONGEST_MS) * _MS),
        error=_BOOLEANS[error] if error else None,
        attributes=tuple(_attribute(text) for text in params.getlist("attribute")),
        since_ns=whole(params, "since_ns", most=_FOREVER_NS),
        until_ns=whole(params, "until_ns", most=_FOREVER_NS),
        text=params.get("text", ""),
        limit=limit(params),
    )


def limit(params: QueryParams, default: int = 20) -> int:
    """``limit``, 1 to 5000."""
    return whole(params, "limit", default, least=1, most=MAX_LIMIT)


def trace_id(text: str, name: str = "") -> str:
    """A trace id or the beginning of one, in lower case; ``name`` is the parameter's, '' when it is in the path."""
    found = text.lower()
    if not _TRACE_ID.fullmatch(found):
        wrong = f"{name}={text[:80]}" if name else repr(text[:80])
        raise BadParameter(f"{wrong} is no trace id: 32 hexadecimal digits, or the first 4 and more of them")
    return found


def span_id(params: Mapping[str, str], name: str) -> str:
    """A span id in lower case, or ''."""
    found = params.get(name, "").lower()
    if found and not _SPAN_ID.fullmatch(found):
        raise BadParameter(f"{name} must be a span id, 16 hexadecimal digits, not {found[:80]!r}")
    return found


def whole(params: Mapping[str, str], name: str, default: int = 0, *, least: int = 0, most: int) -> int:
    """An integer within bounds."""
    text = params.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]+", text):
        raise BadParameter(f"{name} must be a whole number, not {text[:80]!r}")
    if len(text) > 20 or not least <= int(text) <= most:
        raise BadParameter(f"{name} must be {least} to {most}, not {text[:80]}")
    return int(text)


def number(params: Mapping[str, str], name: str, default: float = 0.0, *, most: float) -> float:
    """A number from 0 on."""
    text = params.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise BadParameter(f"{name} must be a number, not {text[:80]!r}") from None
    if not 0 <= value <= most:
        raise BadParameter(f"{name} must be 0 to {most}, not {text[:80]}")
    return value


def _attribute(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise BadParameter(f"attribute must be key=value, not {text[:80]!r}")
    return key, value
