"""A first look for attributes and text in undecoded spans: may pass too much, never too little."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from meshctl.adapters.otlp.framing import encoded, framed

_KEY, _VALUE = 0x0A, 0x12
_STRING, _BOOL, _INT, _DOUBLE, _BYTES = b"\x0a", b"\x10", b"\x18", b"\x21", b"\x3a"


class BytePrefilter:
    """Made for one search. Text and keys that senders frame in an unusual way (a value before its key) pass by."""

    def __init__(self, attributes: Iterable[tuple[str, str]], text: str) -> None:
        self._attributes = [_patterns(key, value) for key, value in attributes]
        self._text = text.lower().encode("utf-8", "replace")
        self._search = None if self._text.isascii() else _any_case(text).search

    def text(self, data: bytes) -> bool:
        """Whether the bytes of some spans can say the text."""
        if self._search is not None:
            return self._search(data) is not None
        return self._text in data.lower()

    def attributes(self, data: bytes, above: Iterable[int]) -> bool:
        """Whether they can carry the attributes; those with the indices ``above`` their resources carry."""
        passed = set(above)
        return all(
            index in passed or any(pattern in data for pattern in patterns)
            for index, patterns in enumerate(self._attributes)
        )


def _patterns(key: str, text: str) -> tuple[bytes, ...]:
    """How ``KeyValue`` messages with this value begin, one for each kind of value that can read so."""
    begin = framed(_KEY, key.encode("utf-8", "replace"))
    if text[:1] in ("[", "{"):
        return (begin,)
    return tuple(begin + framed(_VALUE, value) for value in _values(text))


def _values(text: str) -> list[bytes]:
    data = text.encode("utf-8", "replace")
    values = [_STRING + encoded(len(data)) + data]
    if text in ("true", "false"):
        values.append(_BOOL + (b"\x01" if text == "true" else b"\x00"))
    values += [_INT + encoded(number % 2**64) for number in _int(text)]
    values += [_DOUBLE + struct.pack("<d", number) for number in _float(text)]
    if len(text) % 2 == 0 and re.fullmatch("[0-9a-fA-F]*", text):
        raw = bytes.fromhex(text)
        values.append(_BYTES + encoded(len(raw)) + raw)
    return values


def _int(text: str) -> list[int]:
    number = _float(text)
    if not number or not number[0].is_integer():
        return []
    try:
        whole = int(text)
    except ValueError:
        whole = int(number[0])
    return [whole] if -(2**63) <= whole < 2**63 else []


def _float(text: str) -> list[float]:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return []
    return [number, -number] if number == 0 else [number]


def _any_case(text: str) -> re.Pattern[bytes]:
    """Each character in lower, upper or title case, as UTF-8."""
    parts = []
    for character in text:
        cases = {character, character.lower(), character.upper(), character.title()}
        parts.append(b"(?:" + b"|".join(re.escape(case.encode("utf-8", "replace")) for case in sorted(cases)) + b")")
    return re.compile(b"".join(parts))
