"""Text that fits where it is shown."""

from __future__ import annotations

import re

_STYLES = r"\x1b\[[0-9;:?]*[A-Za-z]"

#: A check's output is cut to this many characters.
OUTPUT_WIDTH = 120


def shorten(text: str, width: int = OUTPUT_WIDTH) -> str:
    """One line of at most ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """``1 container``, ``1,200 containers``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def last_words(text: str) -> str:
    """The last line that says something: rules, boxes and empty lines have no letter and no digit."""
    lines = re.sub(_STYLES, "", text).splitlines()
    return next((line.strip() for line in reversed(lines) if any(map(str.isalnum, line))), "")
