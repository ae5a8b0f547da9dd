"""A trace laid out in time: what the command line and the terminal app draw, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meshctl.model.spans import Span


class Mark(StrEnum):
    """What is worth a sign in a row."""

    ERROR = "error"
    RETRY = "retry"
    SHORT_CIRCUIT = "short circuit"
    RATE_LIMITED = "rate limited"
    ORPHAN = "parent missing"
    OUTSIDE = "outside its parent"
    SKEWED = "clock corrected"
    LATE = "after the root ended"


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One span in its place. Offsets are nanoseconds from the waterfall's start, after clocks were corrected.

    ``parent`` is the index of the parent's row, -1 for a root; the ``descendants`` rows that follow are its own.
    ``self_ns`` is the time in which no child ran; ``critical`` the stretches on the critical path, in order.
    ``target`` is the service a client or producer span reached, '' if unknown or the same.
    """

    span: Span
    depth: int
    parent: int
    descendants: int
    start_ns: int
    duration_ns: int
    self_ns: int
    critical: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()
    target: str = ""

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns


@dataclass(frozen=True, slots=True)
class Waterfall:
    """All rows depth first, children by start. ``start_ns`` is Unix time; ``duration_ns`` spans every row.

    ``root_ns`` is the duration of the root (of everything, without one), ``critical_ns`` that of the critical path.
    ``services`` maps services to numbers of spans, in order of appearance; ``notes`` are sentences about what was
    corrected or is missing.
    """

    trace_id: str
    rows: tuple[WaterfallRow, ...]
    start_ns: int
    duration_ns: int
    root_ns: int
    critical_ns: int
    services: Mapping[str, int] = field(default_factory=dict)
    errors: int = 0
    truncated: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunCost:
    """What a run took against ``runs`` earlier ones of the same name, whose median is ``usual_ns``; None without."""

    duration_ns: int
    runs: int
    usual_ns: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time that is drawn, in offsets as of the rows."""

    start_ns: int
    end_ns: int
