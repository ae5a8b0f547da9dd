"""What a run of ``up`` cost against the runs before it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from meshctl.model.waterfall import Waterfall
from meshctl.present.lines import BAD, GOOD, MUTED, Line, Segment
from meshctl.present.ruler import span_time

#: Differences below this share are the machine's mood.
_SAME = 0.05


def cost_line(w: Waterfall, before: Sequence[int]) -> Line:
    """One sentence; ``before`` are durations in ns of earlier runs of the same name."""
    if not before:
        return (Segment(f" This run took {span_time(w.root_ns)}; there is no earlier one to compare it with.", MUTED),)
    usual = int(median(before))
    change = w.root_ns - usual
    runs = "the run before" if len(before) == 1 else f"the median of the {len(before)} runs before"
    if abs(change) <= usual * _SAME:
        return (Segment(f" This run took {span_time(w.root_ns)}, as {runs} ({span_time(usual)})."),)
    word, tone = ("slower", BAD) if change > 0 else ("faster", GOOD)
    told = f"{span_time(abs(change))} {word} than {runs} ({span_time(usual)})."
    return (Segment(f" This run took {span_time(w.root_ns)}, "), Segment(told, tone))


def cost_data(w: Waterfall, before: Sequence[int]) -> dict[str, Any]:
    """The same as data; the last two are null without an earlier run."""
    usual = median(before) / 1e6 if before else None
    return {
        "duration_ms": round(w.root_ns / 1e6, 3),
        "runs_before": len(before),
        "median_before_ms": None if usual is None else round(usual, 3),
        "change_ms": None if usual is None else round(w.root_ns / 1e6 - usual, 3),
    }
