"""What a run of ``up`` cost against the runs before it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from meshctl.model.waterfall import RunCost, Waterfall
from meshctl.present.lines import BAD, GOOD, MUTED, Line, Segment
from meshctl.present.ruler import span_time

#: Differences below this share are the machine's mood.
_SAME = 0.05


def run_cost(w: Waterfall, before: Sequence[int]) -> RunCost:
    """``before`` are durations in ns of earlier runs of the same name."""
    return RunCost(w.root_ns, len(before), median(before) if before else None)


def cost_line(cost: RunCost) -> Line:
    """One sentence."""
    took = f" This run took {span_time(cost.duration_ns)}"
    if cost.usual_ns is None:
        return (Segment(f"{took}; there is no earlier one to compare it with.", MUTED),)
    usual = int(cost.usual_ns)
    change = cost.duration_ns - usual
    runs = "the run before" if cost.runs == 1 else f"the median of the {cost.runs} runs before"
    if abs(change) <= usual * _SAME:
        return (Segment(f"{took}, as {runs} ({span_time(usual)})."),)
    word, tone = ("slower", BAD) if change > 0 else ("faster", GOOD)
    told = f"{span_time(abs(change))} {word} than {runs} ({span_time(usual)})."
    return (Segment(f"{took}, "), Segment(told, tone))
