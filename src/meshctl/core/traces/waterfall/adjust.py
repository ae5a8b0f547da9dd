"""What senders get wrong, put right by small steps in a fixed order. No step fails, whatever the spans say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from meshctl.core.traces.waterfall.tree import NO_PARENT, SpanColumns, columns_of, parents_first
from meshctl.model.spans import Span, SpanKind
from meshctl.model.waterfall import Mark

#: Further than this from the middle of the trace no clock is trusted.
FAR_NS = 7 * 86_400 * 1_000_000_000
#: 2000-01-01: earlier starts come from clocks that were never set.
_PLAUSIBLE_NS = 946_684_800 * 1_000_000_000
#: Clocks that a note names; of more only how many.
_NAMED = 3
_CLIENT, _SERVER = SpanKind.CLIENT, SpanKind.SERVER


def adjusted(spans: Sequence[Span]) -> SpanColumns:
    """Every step in order: duplicates, parents, cycles, durations, clocks, roots."""
    kept = deduplicated(spans)
    columns = columns_of(kept)
    if len(kept) < len(spans):
        columns = columns.with_note(f"{counted(len(spans) - len(kept), 'span')} came more than once.")
    for adjust in ADJUSTERS:
        columns = adjust(columns)
    return columns


def deduplicated(spans: Sequence[Span]) -> tuple[Span, ...]:
    """One span an id, in order of arrival: the one that says most, of equals the last. Spans without an id stay."""
    if len({span.span_id for span in spans}) == len(spans):
        return tuple(spans)
    best: dict[object, Span] = {}
    for position, span in enumerate(spans):
        key: object = span.span_id or position
        known = best.get(key)
        if known is None or _detail(span) >= _detail(known):
            best[key] = span
    return tuple(best.values())


def _detail(span: Span) -> tuple[bool, int]:
    return span.duration_ns > 0, len(span.attributes) + len(span.events) + len(span.links)


def mark_orphans(columns: SpanColumns) -> SpanColumns:
    """A span whose parent is not here becomes a root of its own, marked.

    The only one of a trace without a root is no orphan: whoever called sends no spans, as most callers do.
    """
    tops = [i for i, parent in enumerate(columns.parents) if parent == NO_PARENT]
    orphans = [i for i in tops if columns.spans[i].parent_id]
    if not orphans:
        return columns
    if len(tops) == 1 and columns.spans[tops[0]].kind is _SERVER:
        return columns.with_note(f"Whoever called {columns.spans[tops[0]].service} has sent no span.")
    lone = "its parent; it stands as a root" if len(orphans) == 1 else "their parent; they stand as roots"
    return columns.with_mark(orphans, Mark.ORPHAN).with_note(f"{counted(len(orphans), 'span')} came without {lone}.")


def break_cycles(columns: SpanColumns) -> SpanColumns:
    """Parents that go round in a circle: the earliest span of each circle becomes a root."""
    cuts = [min(ring, key=columns.starts.__getitem__) for ring in _rings(columns.parents)]
    if not cuts:
        return columns
    parents = list(columns.parents)
    for cut in cuts:
        parents[cut] = NO_PARENT
    names = ", ".join(sorted({columns.spans[cut].name for cut in cuts})[:3])
    return replace(columns, parents=parents).with_note(f"Parents go round in a circle; it was cut at {names}.")


def _rings(parents: Sequence[int]) -> Iterable[list[int]]:
    walked = [0] * len(parents)
    for walk, start in enumerate(range(len(parents)), 1):
        node = start
        while node != NO_PARENT and not walked[node]:
            walked[node] = walk
            node = parents[node]
        if node != NO_PARENT and walked[node] == walk:
            ring, after = [node], parents[node]
            while after != node:
                ring.append(after)
                after = parents[after]
            yield ring


def clamp_durations(columns: SpanColumns) -> SpanColumns:
    """A span that ends before it starts takes no time."""
    if not columns.durations or min(columns.durations) >= 0:
        return columns
    wrong = [i for i, duration in enumerate(columns.durations) if duration < 0]
    durations = [max(0, duration) for duration in columns.durations]
    verb = "ends before it starts" if len(wrong) == 1 else "end before they start"
    marked = replace(columns, durations=durations).with_mark(wrong, Mark.SKEWED)
    return marked.with_note(f"{counted(len(wrong), 'span')} {verb}, drawn without length.")


def clamp_far_times(columns: SpanColumns) -> SpanColumns:
    """Times in 1970, or absurdly far from the rest: put beside the parent, what is below moves along."""
    if not columns.starts or _close_together(columns):
        return columns
    plausible = sorted(start for start in columns.starts if start >= _PLAUSIBLE_NS) or sorted(columns.starts)
    middle = plausible[len(plausible) // 2]
    earliest = next(start for start in plausible if middle - start <= FAR_NS)
    starts, durations = list(columns.starts), list(columns.durations)
    moved: list[int] = []
    for index in parents_first(columns.parents):
        start, parent = columns.starts[index], columns.parents[index]
        if abs(start - middle) > FAR_NS:
            along = start + starts[parent] - columns.starts[parent] if parent != NO_PARENT else start
            beside = starts[parent] if parent != NO_PARENT else earliest
            starts[index] = along if abs(along - middle) <= FAR_NS else beside
            moved.append(index)
        if durations[index] > FAR_NS:
            end = start + durations[index]
            durations[index] = max(0, end - starts[index]) if abs(end - middle) <= FAR_NS else 0
            moved.append(index)
    if not moved:
        return columns
    marked = replace(columns, starts=starts, durations=durations).with_mark(moved, Mark.SKEWED)
    number = len(set(moved))
    whose = "its parent" if number == 1 else "their parents"
    return marked.with_note(f"{counted(number, 'span')} with times far from the rest, drawn beside {whose}.")


def _close_together(columns: SpanColumns) -> bool:
    return max(columns.starts) - min(columns.starts) <= FAR_NS and max(columns.durations) <= FAR_NS


def correct_clock_skew(columns: SpanColumns) -> SpanColumns:
    """A server span outside its client's is moved into its middle; what is below on the same instance moves along.

    After Jaeger's clock-skew adjuster: only between two instances, and only if it fits. The network is taken to cost
    the same in both directions.
    """
    if not any(_shift(columns, i, columns.starts) for i in _served(columns)):
        return columns
    starts = list(columns.starts)
    deltas = [0] * len(starts)
    clocks: dict[str, int] = {}
    served = set(_served(columns))
    for index in parents_first(columns.parents):
        parent = columns.parents[index]
        if parent == NO_PARENT:
            continue
        if _same_clock(columns.spans[index], columns.spans[parent]):
            deltas[index] = deltas[parent]
        elif index in served:
            deltas[index] = _shift(columns, index, starts)
            if deltas[index]:
                span = columns.spans[index]
                clocks.setdefault(span.instance or span.service, deltas[index])
        starts[index] += deltas[index]
    moved = [index for index, delta in enumerate(deltas) if delta]
    return replace(columns, starts=starts).with_mark(moved, Mark.SKEWED).with_note(_skew_note(clocks))


def _served(columns: SpanColumns) -> list[int]:
    """Server spans whose client is on another instance."""
    spans, parents = columns.spans, columns.parents
    servers = [i for i, span in enumerate(spans) if span.kind is _SERVER and parents[i] != NO_PARENT]
    return [i for i in servers if spans[parents[i]].kind is _CLIENT and not _same_clock(spans[i], spans[parents[i]])]


def _same_clock(span: Span, other: Span) -> bool:
    return span.instance == other.instance and span.service == other.service


def _shift(columns: SpanColumns, index: int, starts: Sequence[int]) -> int:
    """Nanoseconds to add so that the span lies in the middle of its parent; 0 if it is longer, or began in it.

    One that begins in time and ends late is more often a server that tidies up than a clock that is wrong.
    """
    parent = columns.parents[index]
    begin, room = starts[parent], columns.durations[parent]
    start, duration = starts[index], columns.durations[index]
    if duration > room or begin <= start <= begin + room:
        return 0
    return begin + (room - duration) // 2 - start


def _skew_note(clocks: dict[str, int]) -> str:
    named = ", ".join(f"{name} by {delta / 1e6:+,.1f} ms" for name, delta in list(clocks.items())[:_NAMED])
    more = f" and {len(clocks) - _NAMED:,} more" if len(clocks) > _NAMED else ""
    return f"Clocks were brought into step: {named}{more}."


def note_roots(columns: SpanColumns) -> SpanColumns:
    """Several roots stand one below the other; a trace without any is noted."""
    roots = sum(1 for i, parent in enumerate(columns.parents) if parent == NO_PARENT and not columns.spans[i].parent_id)
    if roots > 1:
        return columns.with_note(f"The trace has {roots:,} roots.")
    if columns.spans and not roots and any(Mark.ORPHAN in marks for marks in columns.marks.values()):
        return columns.with_note("The root has not arrived.")
    return columns


def counted(number: int, noun: str) -> str:
    """``1 span``, ``3 spans``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


ADJUSTERS = (mark_orphans, break_cycles, clamp_durations, clamp_far_times, correct_clock_skew, note_roots)
