"""Two traces of the same kind of request side by side: what got slower, what is new, what is gone, what repeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshctl.core.traces.waterfall.layout import MANY
from meshctl.model.spans import SpanKind
from meshctl.model.waterfall import Waterfall

#: A difference is listed from so much of the longer root on, and from so much of its own size.
_OF_ROOT, _OF_ITSELF = 0.01, 0.05
_ABOVE = 3
#: The service of meshctl's own spans: one trace may have been started by it, the other not.
_OWN = "meshctl"


@dataclass(frozen=True, slots=True)
class Step:
    """An operation: what is called the same is compared."""

    service: str
    name: str
    kind: SpanKind


@dataclass(frozen=True, slots=True)
class Side:
    """All spans of one trace at one place, in ns. ``run`` is the most of them under a single parent."""

    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    errors: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One place in both trees; a side that does not have it counts 0. ``above`` are the nearest steps over it."""

    step: Step
    above: tuple[Step, ...]
    before: Side
    after: Side

    @property
    def self_ns(self) -> int:
        """What it contributes to the difference; negative when it got faster."""
        return self.after.self_ns - self.before.self_ns

    @property
    def total_ns(self) -> int:
        return self.after.total_ns - self.before.total_ns


@dataclass(frozen=True, slots=True)
class TraceDiff:
    """``a`` before, ``b`` after; every list by contribution, the greatest first. ``unchanged`` counts places.

    ``repeated`` are the places that occur many times under one parent (N+1) in one trace and not as often in the other.
    """

    a: str
    b: str
    before_ns: int
    after_ns: int
    spans: tuple[int, int]
    slower: tuple[Change, ...] = ()
    faster: tuple[Change, ...] = ()
    new: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()
    errors: tuple[Change, ...] = ()
    repeated: tuple[Change, ...] = ()
    unchanged: int = 0


def diff(a: Waterfall, b: Waterfall) -> TraceDiff:
    """What ``b`` does that ``a`` did not, and the reverse. Aligned by the path of (service, name, kind)."""
    places = _Places()
    before, after = places.sides(a, _skipped(a, b)), places.sides(b, _skipped(b, a))
    none = Side()
    changes = [
        Change(places.steps[place], places.above(place), before.get(place, none), after.get(place, none))
        for place in dict.fromkeys((*after, *before))
    ]
    both = [change for change in changes if change.before.count and change.after.count]
    least = _OF_ROOT * max(a.root_ns, b.root_ns)
    moved = [change for change in both if abs(change.self_ns) >= max(least, _OF_ITSELF * change.before.self_ns, 1)]
    return TraceDiff(
        a.trace_id,
        b.trace_id,
        a.root_ns,
        b.root_ns,
        (len(a.rows), len(b.rows)),
        slower=_by_weight(change for change in moved if change.self_ns > 0),
        faster=_by_weight(change for change in moved if change.self_ns < 0),
        new=_by_weight(change for change in changes if not change.before.count),
        gone=_by_weight(change for change in changes if not change.after.count),
        errors=_by_weight(change for change in both if bool(change.before.errors) != bool(change.after.errors)),
        repeated=_by_weight(change for change in changes if _repeats(change)),
        unchanged=len(both) - len(moved),
    )


def _repeats(change: Change) -> bool:
    runs = change.before.run, change.after.run
    return max(runs) >= MANY and runs[0] != runs[1]


def _by_weight(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (-abs(change.self_ns), -abs(change.total_ns))))


def _skipped(w: Waterfall, other: Waterfall) -> bool:
    """Whether meshctl's own span above the trace is left out, because the other has none."""
    return bool(w.rows and other.rows and w.rows[0].span.service == _OWN and other.rows[0].span.service != _OWN)


class _Places:
    """Places of both trees, numbered: the same path has the same number. Root places have no place above, -1."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._above: list[int] = []
        self._numbers: dict[tuple[int, str, str, SpanKind], int] = {}

    def sides(self, w: Waterfall, skip_root: bool) -> dict[int, Side]:
        """What one trace has at each place, in the order of its rows."""
        at: list[int] = []
        runs: dict[tuple[int, int], int] = {}
        sums: dict[int, list[int]] = {}
        for index, row in enumerate(w.rows):
            if skip_root and index == 0:
                at.append(-1)
                continue
            span = row.span
            place = self._number(at[row.parent] if row.parent >= 0 else -1, span.service, span.name, span.kind)
            at.append(place)
            run = runs[place, row.parent] = runs.get((place, row.parent), 0) + 1
            known = sums.setdefault(place, [0, 0, 0, 0, 0])
            grown = (known[0] + 1, known[1] + row.duration_ns, known[2] + row.self_ns, known[3] + span.failed)
            known[:] = (*grown, max(known[4], run if row.parent >= 0 else 0))
        return {place: Side(*values) for place, values in sums.items()}

    def above(self, place: int) -> tuple[Step, ...]:
        """At most three steps, the outermost first."""
        steps: list[Step] = []
        place = self._above[place]
        while place >= 0 and len(steps) < _ABOVE:
            steps.append(self.steps[place])
            place = self._above[place]
        return tuple(reversed(steps))

    def _number(self, above: int, service: str, name: str, kind: SpanKind) -> int:
        key = above, service, name, kind
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.steps)
            self.steps.append(Step(service, name, kind))
            self._above.append(above)
        return number
