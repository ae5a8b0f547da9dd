"""A trace as rows in time: the one model that the command line and the terminal app draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import add

from meshctl.core.traces.adjust import adjusted
from meshctl.core.traces.critical import Stretch, critical_path
from meshctl.core.traces.draft import NO_PARENT, Draft, counted
from meshctl.core.traces.marks import CLIENT, ERROR, PRODUCER, apart, marks_of
from meshctl.core.traces.repeats import repeats
from meshctl.core.traces.tree import Tree, grown, self_time
from meshctl.model.traces import Span, Trace
from meshctl.model.waterfall import Mark, Waterfall, WaterfallRow


def waterfall(trace: Trace) -> Waterfall:
    """Lay a trace out. Never raises, whatever the spans say; the root, or what stands for it, is the first row."""
    draft = adjusted(trace.spans)
    notes = _completeness(trace)
    if not draft.spans:
        return Waterfall(trace.trace_id, (), 0, 0, 0, 0, truncated=trace.truncated, notes=(*draft.notes, *notes))
    orphans = {index for index, marks in draft.marks.items() if Mark.ORPHAN in marks}
    tree = grown(draft.parents, draft.starts, orphans)
    ends = list(map(add, draft.starts, draft.durations))
    root = tree.order[0]
    detached = _detached(draft, ends)
    path = critical_path(root, tree.children, draft.starts, ends, detached)
    late = [i for i in _with_all_below(detached, tree, draft) if ends[i] > ends[root]] if root not in orphans else []
    marks = marks_of(draft, tree, ends, late)
    start, end = min(draft.starts), max(ends)
    return Waterfall(
        trace.trace_id,
        tuple(_rows(draft, tree, ends, path, marks, start)),
        start,
        end - start,
        end - start if root in orphans else draft.durations[root],
        sum(stretch[1] - stretch[0] for stretches in path.values() for stretch in stretches),
        _services(draft.spans, tree),
        sum(1 for span in draft.spans if span.status is ERROR),
        trace.truncated,
        (*draft.notes, *_repeated(draft, tree, marks), *notes),
    )


def _completeness(trace: Trace) -> tuple[str, ...]:
    notes = []
    if trace.truncated:
        notes.append(f"{counted(trace.truncated, 'span')} more kept out by the collector's limits.")
    if trace.waits_for:
        notes.append(f"Not complete yet: {trace.waits_for}.")
    return tuple(notes)


def _repeated(draft: Draft, tree: Tree, marks: Mapping[int, tuple[Mark, ...]]) -> list[str]:
    found = repeats(draft.spans, tree.children, marks)
    notes = [f"N+1: {one.name} {one.times:,} times below {one.parent.service} {one.parent.name}." for one in found[:3]]
    return [*notes, f"N+1: {len(found) - 3:,} more such loops."] if len(found) > 3 else notes


def _detached(draft: Draft, ends: Sequence[int]) -> set[int]:
    """Spans that their parents do not wait for."""
    spans, starts = draft.spans, draft.starts
    return {
        index
        for index, parent in enumerate(draft.parents)
        if parent != NO_PARENT and apart(spans[index], starts[index], spans[parent], ends[parent])
    }


def _with_all_below(indices: set[int], tree: Tree, draft: Draft) -> list[int]:
    """These spans and everything below them."""
    found: set[int] = set()
    if indices:
        for index in tree.order:
            if index in indices or draft.parents[index] in found:
                found.add(index)
    return list(found)


def _rows(
    draft: Draft,
    tree: Tree,
    ends: Sequence[int],
    path: Mapping[int, tuple[Stretch, ...]],
    marks: Mapping[int, tuple[Mark, ...]],
    origin: int,
) -> list[WaterfallRow]:
    spans, starts, durations, parents = draft.spans, draft.starts, draft.durations, draft.parents
    depths, descendants, children = tree.depths, tree.descendants, tree.children
    place = {index: row for row, index in enumerate(tree.order)}
    place[NO_PARENT] = NO_PARENT
    rows = []
    for index in tree.order:
        span, start, duration = spans[index], starts[index], durations[index]
        below, on_path = children.get(index), path.get(index)
        rows.append(
            WaterfallRow(
                span,
                depths[index],
                place[parents[index]],
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
