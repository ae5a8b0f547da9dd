"""Lines of toned text: what a screen draws and a test can read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from meshctl.present.cells import cell_len, fit

#: Tones a front end maps to its own styles. ``service:NAME`` is the service's own colour.
PLAIN = ""
STRONG = "strong"
MUTED = "muted"
ACCENT = "accent"
GOOD = "good"
BUSY = "busy"
WARN = "warn"
BAD = "bad"
TONES = (STRONG, MUTED, ACCENT, GOOD, BUSY, WARN, BAD)


@dataclass(frozen=True, slots=True)
class Segment:
    """Text with one tone."""

    text: str
    tone: str = PLAIN


Line = tuple[Segment, ...]


def service_tone(name: str) -> str:
    return f"service:{name}"


def plain(line: Iterable[Segment]) -> str:
    """The text alone."""
    return "".join(span.text for span in line)


def line_cells(line: Iterable[Segment]) -> int:
    return sum(cell_len(span.text) for span in line)


def fit_line(line: Sequence[Segment], width: int) -> Line:
    """At most ``width`` cells; what is cut ends in ``…``."""
    if line_cells(line) <= width:
        return tuple(span for span in line if span.text)
    kept: list[Segment] = []
    room = width
    for span in line:
        taken = cell_len(span.text)
        if taken >= room:
            kept.append(Segment(fit(span.text + "  ", room), span.tone))
            break
        kept.append(span)
        room -= taken
    return tuple(span for span in kept if span.text)


def between(left: Sequence[Segment], right: Sequence[Segment], width: int) -> Line:
    """``left`` at the left edge, ``right`` at the right; the left is cut if both do not fit."""
    right_width = line_cells(right)
    left = fit_line(left, max(0, width - right_width - 1)) if right_width else fit_line(left, width)
    gap = width - right_width - line_cells(left)
    return (*left, Segment(" " * max(0, gap)), *right)


def words(text: str, width: int) -> list[str]:
    """Wrap at spaces; a word longer than ``width`` is cut with ``…``."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        word = fit(word, width)
        if current and cell_len(current) + 1 + cell_len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current] if current else lines
