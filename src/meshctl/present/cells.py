"""Text of strangers made safe for a terminal, and as wide as it is drawn."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, east_asian_width

#: Instead of themselves; the last two are letters that nobody sees.
_BREAKS = {"\n": "⏎", "\r": "", "\t": " ", "\u3164": "·", "\uffa0": "·"}
_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_PLAIN = re.compile(r"[\x20-\x7e]*")
#: Marks, and the second and third part of a Korean syllable, share the cell before them.
_JOINED = ("Mn", "Mc", "Me")
#: Selectors and skin tones change how the character before them is drawn, and how wide: not everywhere alike.
_VARIATION = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def clean(text: str) -> str:
    """Control, direction and unassigned characters become ``·``, line ends ``⏎``; nothing moves the cursor."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_safe, _VARIATION.sub("", text)))


def cell_len(text: str) -> int:
    """Cells on a terminal: wide characters take two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def fit(text: str, width: int) -> str:
    """At most ``width`` cells; what is cut ends in ``…``."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    kept, room = "", width - 1
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Exactly ``width`` cells: cut or filled up."""
    text = fit(text, width)
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if category(character) in _JOINED or "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


@lru_cache(maxsize=4096)
def _safe(character: str) -> str:
    if character in _BREAKS:
        return _BREAKS[character]
    return "·" if category(character) in _UNSAFE else character
