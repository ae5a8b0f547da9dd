"""Lines of toned text: what a screen draws and a test can read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

from meshctl.present.text import SafeText, clean, fit

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


class Segment(tuple[SafeText, str]):
    """Text with one tone; whatever it is made of is clean from then on."""

    __slots__ = ()
    text: SafeText = property(itemgetter(0))  # type: ignore[assignment]
    tone: str = property(itemgetter(1))  # type: ignore[assignment]

    def __new__(cls, text: str, tone: str = PLAIN) -> Segment:
        return tuple.__new__(cls, (text if text.__class__ is SafeText else clean(text), tone))


Line = tuple[Segment, ...]


def service_tone(name: str) -> str:
    return f"service:{name}"


def plain(line: Iterable[Segment]) -> str:
    """The text alone."""
    return "".join(span.text for span in line)


def line_cells(line: Iterable[Segment]) -> int:
    return sum([segment.text.cells for segment in line])


def fit_line(line: Sequence[Segment], width: int) -> Line:
    """At most ``width`` cells; what is cut ends in ``…``."""
    if line_cells(line) <= width:
        return tuple([span for span in line if span.text])
    kept: list[Segment] = []
    room = width
    for span in line:
        taken = span.text.cells
        if taken >= room:
            kept.append(Segment(fit(span.text + "  ", room), span.tone))
            break
        kept.append(span)
        room -= taken
    return tuple(span for span in kept if span.text)


def between(left: Sequence[Segment], right: Sequence[Segment], width: int) -> Line:
    """``left`` at the left edge, ``right`` at the right; the left is cut if both do not fit."""
    right = fit_line(right, width)
    right_width = line_cells(right)
    left = fit_line(left, max(0, width - right_width - 1)) if right_width else fit_line(left, width)
    gap = width - right_width - line_cells(left)
    return (*left, Segment(" " * max(0, gap)), *right)


def words(text: str, width: int) -> list[SafeText]:
    """Wrap at spaces; a word longer than ``width`` is cut with ``…``."""
    lines: list[SafeText] = []
    current, taken = "", 0
    for word in clean(text).split():
        part = fit(word, width)
        if current and taken + 1 + part.cells > width:
            lines.append(clean(current))
            current = ""
        current, taken = (f"{current} {part}", taken + 1 + part.cells) if current else (part, part.cells)
    return [*lines, clean(current)] if current else lines
