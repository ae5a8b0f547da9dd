"""Text that fits where it is shown."""

from __future__ import annotations

#: A check's output is cut to this many characters.
OUTPUT_WIDTH = 120


def shorten(text: str, width: int = OUTPUT_WIDTH) -> str:
    """One line of at most ``width`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """``1 container``, ``1,200 containers``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
