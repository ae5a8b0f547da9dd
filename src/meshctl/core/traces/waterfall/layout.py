"""A trace as rows in time: the one model that the command line and the terminal app draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import add

from meshctl.core.traces.waterfall.adjust import adjusted, counted
from meshctl.core.traces.waterfall.marks import CLIENT, ERROR, PRODUCER, is_detached, marks_of
from meshctl.core.traces.waterfall.tree import NO_PARENT, SpanColumns, Tree, self_time, tree_of
from meshctl.model.spans import Span, SpanKind
from meshctl.model.traces import Trace
from meshctl.model.waterfall import Mark, Waterfall, WaterfallRow

#: So many times the same request under one parent is a loop over single requests (N+1).
MANY = 5
_REQUESTS = (SpanKind.CLIENT, SpanKind.PRODUCER)

Stretch = tuple[int, int]
#: A span under way: index, its first moment that counts, the cursor, and its children by end, the last at the end.
_Frame = tuple[int, int, int, list[tuple[int, int, int]]]


def waterfall(trace: Trace) -> Waterfall:
    """Lay a trace out. Never raises, whatever the spans say; the root, or what stands for it, is the first row."""
    columns = adjusted(trace.spans)
    notes = _completeness(trace)
    if not columns.spans:
        return Waterfall(trace.trace_id, (), 0, 0, 0, 0, truncated=trace.truncated, notes=(*columns.notes, *notes))
    orphans = {index for index, marks in columns.marks.items() if Mark.ORPHAN in marks}
    tree = tree_of(columns.parents, columns.starts, orphans)
    ends = list(map(add, columns.starts, columns.durations))
    root = tree.order[0]
    detached = _detached(columns, ends)
    path = critical_path(root, tree.children, columns.starts, ends, detached)
    late = [i for i in _with_all_below(detached, tree, columns) if ends[i] > ends[root]] if root not in orphans else []
    marks = marks_of(columns, tree, ends, late)
    start, end = min(columns.starts), max(ends)
    return Waterfall(
        trace.trace_id,
        tuple(_rows(columns, tree, ends, path, marks, start)),
        start,
        end - start,
        end - start if root in orphans else columns.durations[root],
        sum(stretch[1] - stretch[0] for stretches in path.values() for stretch in stretches),
        _services(columns.spans, tree),
        sum(1 for span in columns.spans if span.status is ERROR),
        trace.truncated,
        (*columns.notes, *_repeated(columns, tree, marks), *notes),
    )


def _completeness(trace: Trace) -> tuple[str, ...]:
    notes = []
    if trace.truncated:
        notes.append(f"{counted(trace.truncated, 'span')} more kept out by the collector's limits.")
    if trace.waits_for:
        notes.append(f"Not complete yet: {trace.waits_for}.")
    return tuple(notes)


def _repeated(columns: SpanColumns, tree: Tree, marks: Mapping[int, tuple[Mark, ...]]) -> list[str]:
    found = repeats(columns.spans, tree.children, marks)
    notes = [f"N+1: {one.name} {one.times:,} times below {one.parent.service} {one.parent.name}." for one in found[:3]]
    return [*notes, f"N+1: {len(found) - 3:,} more such loops."] if len(found) > 3 else notes


def _detached(columns: SpanColumns, ends: Sequence[int]) -> set[int]:
    """Spans that their parents do not wait for."""
    spans, starts = columns.spans, columns.starts
    return {
        index
        for index, parent in enumerate(columns.parents)
        if parent != NO_PARENT and is_detached(spans[index], starts[index], spans[parent], ends[parent])
    }


def _with_all_below(indices: set[int], tree: Tree, columns: SpanColumns) -> list[int]:
    """These spans and everything below them."""
    found: set[int] = set()
    if indices:
        for index in tree.order:
            if index in indices or columns.parents[index] in found:
                found.add(index)
    return list(found)


def _rows(
    columns: SpanColumns,
    tree: Tree,
    ends: Sequence[int],
    path: Mapping[int, tuple[Stretch, ...]],
    marks: Mapping[int, tuple[Mark, ...]],
    origin: int,
) -> list[WaterfallRow]:
    spans, starts, durations, parents = columns.spans, columns.starts, columns.durations, columns.parents
    depths, descendants, children = tree.depths, tree.descendants, tree.children
    row_of = {index: row for row, index in enumerate(tree.order)}
    row_of[NO_PARENT] = NO_PARENT
    rows = []
    for index in tree.order:
        span, start, duration = spans[index], starts[index], durations[index]
        below, on_path = children.get(index), path.get(index)
        rows.append(
            WaterfallRow(
                span,
                depths[index],
                row_of[parents[index]],
                descendants[index],
                start - origin,
                duration,
                self_time(start, ends[index], below, starts, ends) if below else duration,
                tuple((begin - origin, end - origin) for begin, end in on_path) if on_path else (),
                marks.get(index, ()),
                _target(span, below, spans) if below else "",
            )
        )
    return rows


def _target(span: Span, below: Sequence[int], spans: Sequence[Span]) -> str:
    """The service that a client or producer reached: that of its first child elsewhere."""
    if span.kind is CLIENT or span.kind is PRODUCER:
        for child in below:
            if spans[child].service != span.service:
                return spans[child].service
    return ""


def _services(spans: Sequence[Span], tree: Tree) -> dict[str, int]:
    return dict(Counter(spans[index].service for index in tree.order))


def critical_path(
    root: int,
    children: Mapping[int, Sequence[int]],
    starts: Sequence[int],
    ends: Sequence[int],
    detached: Collection[int] = (),
) -> dict[int, tuple[Stretch, ...]]:
    """Stretches of time by span, in order; together they are the time from the root's start to its end.

    A moment belongs to the deepest span that everything above waits for. Children are cut to their parent's time;
    those in ``detached`` are waited for by nobody.
    """
    found: dict[int, list[Stretch]] = {}

    def entered(index: int, low: int, high: int) -> _Frame:
        ready = []
        for child in children.get(index, ()):
            begin, end = max(starts[child], low), min(ends[child], high)
            if end > begin and child not in detached:
                ready.append((end, begin, child))
        ready.sort()
        return index, low, high, ready

    under_way = [entered(root, starts[root], ends[root])]
    while under_way:
        index, low, cursor, ready = under_way.pop()
        while ready and ready[-1][0] > cursor:
            ready.pop()
        if not ready:
            _add(found, index, low, cursor)
            continue
        end, begin, child = ready.pop()
        _add(found, index, end, cursor)
        if ready:
            under_way.append((index, low, begin, ready))
        else:
            _add(found, index, low, begin)
        under_way.append(entered(child, begin, end))
    return {index: tuple(reversed(stretches)) for index, stretches in found.items()}


def _add(found: dict[int, list[Stretch]], index: int, begin: int, end: int) -> None:
    if end > begin:
        found.setdefault(index, []).append((begin, end))


@dataclass(frozen=True, slots=True)
class Repeat:
    """``times`` spans of one name under the span ``parent``."""

    parent: Span
    service: str
    name: str
    times: int


def repeats(
    spans: Sequence[Span], children: Mapping[int, Sequence[int]], marks: Mapping[int, tuple[Mark, ...]]
) -> list[Repeat]:
    """The requests that occur at least ``MANY`` times below one span, most often first; retries do not count."""
    found = []
    for parent, below in children.items():
        if len(below) < MANY:
            continue
        counts = Counter(
            (spans[child].service, spans[child].name)
            for child in below
            if spans[child].kind in _REQUESTS and Mark.RETRY not in marks.get(child, ())
        )
        found += [Repeat(spans[parent], *key, times) for key, times in counts.items() if times >= MANY]
    return sorted(found, key=lambda repeat: -repeat.times)
