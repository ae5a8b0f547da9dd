"""What the app has to say in passing: one sentence at a time, with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshctl.present.lines import ACCENT, BAD, MUTED, WARN, Line, Segment, words

_LOOKS = {"information": ("·", ACCENT), "warning": ("▲", WARN), "error": ("✖", BAD)}
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Notice:
    """``severity`` is Textual's word; ``until`` monotonic seconds."""

    text: str
    hint: str
    severity: str
    until: float


def notice_lines(notices: Sequence[Notice], width: int) -> list[Line]:
    """The newest notice, wrapped; [] when there is none."""
    if not notices:
        return []
    notice = notices[-1]
    sign, tone = _LOOKS[notice.severity]
    told = [(part, tone if notice.severity == "error" else "") for part in words(notice.text, width - 5)]
    told += [(part, MUTED) for part in words(notice.hint, width - 5)]
    lead = (Segment(f" {sign} ", tone), Segment("   "))
    return [(lead[min(number, 1)], Segment(part, how)) for number, (part, how) in enumerate(told[:_MOST_LINES])]
