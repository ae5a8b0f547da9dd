"""Attributes of spans in words: in groups, secrets hidden, long values wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from meshctl.core.config.mask import MASK, is_secret_name, mask
from meshctl.present.lines import MUTED, Line, Segment
from meshctl.present.text import cell_len, pad, wrap

#: Groups in the order in which they are shown; the rest follows by name.
_GROUPS = ("http", "url", "rpc", "db", "messaging", "mesh")
#: Here ``key`` is a routing or a cache key, and ``token`` a number of them.
_PUBLIC_GROUPS = ("messaging", "db", "gen_ai")
_SECRET_HEADERS = re.compile(r"(authorization|cookie|x-api-key|x-auth-token|x-csrf-token)s?$")
MOST_LINES = 4
_LEAST_KEY, _MOST_KEY = 8, 34


def shown_value(key: str, value: Any) -> str:
    """One value as text: lists and mappings as JSON, bytes as their size and beginning, secrets as ``***``."""
    if value and hides(key):
        return MASK
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes {value[:16].hex()}{'…' if len(value) > 16 else ''}"
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return json.dumps({str(k): shown_value(str(k), v) for k, v in value.items()}, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return json.dumps([shown_value("", item) if _nested(item) else item for item in value], ensure_ascii=False)
    return str(value)


def hides(key: str) -> bool:
    """Whether the value of this attribute is a secret."""
    header = key.rsplit(".", 1)[-1].lower().replace("_", "-")
    named = key.partition(".")[0] not in _PUBLIC_GROUPS and is_secret_name(key)
    return named or _SECRET_HEADERS.search(header) is not None


def _nested(item: Any) -> bool:
    return isinstance(item, bytes | str | Mapping | list | tuple)


def grouped(attributes: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """By group, then by name."""
    return sorted(attributes.items(), key=lambda pair: (_rank(pair[0]), pair[0]))


def _rank(key: str) -> int:
    group = key.partition(".")[0]
    return _GROUPS.index(group) if group in _GROUPS else len(_GROUPS)


def key_width(keys: Iterable[str], width: int) -> int:
    """Cells for keys that stand below each other."""
    longest = max((cell_len(key) for key in keys), default=_LEAST_KEY)
    return max(_LEAST_KEY, min(longest, _MOST_KEY, width // 2))


def pair_lines(pairs: Iterable[tuple[str, Any]], width: int, indent: int = 1) -> list[Line]:
    """``key   value``, values wrapped to at most four lines, the last of them cut with ``…``."""
    listed = list(pairs)
    keys = key_width((key for key, _ in listed), width - indent)
    lines: list[Line] = []
    for key, value in listed:
        room = max(1, width - indent - keys - 2)
        for number, part in enumerate(wrap(shown_value(key, value), room, MOST_LINES)):
            label = key if number == 0 else ""
            lines.append((Segment(" " * indent + pad(label, keys) + "  ", MUTED), Segment(part)))
    return lines
