"""What senders get wrong, put right by small steps in a fixed order. No step fails, whatever the spans say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from meshctl.core.traces.draft import NO_PARENT, Draft, counted, drafted, parents_first
from meshctl.core.traces.skew import in_step
from meshctl.model.traces import Span, SpanKind
from meshctl.model.waterfall import Mark

#: Further than this from the middle of the trace no clock is trusted.
FAR_NS = 7 * 86_400 * 1_000_000_000
#: 2000-01-01: earlier starts come from clocks that were never set.
_PLAUSIBLE_NS = 946_684_800 * 1_000_000_000


def adjusted(spans: Sequence[Span]) -> Draft:
    """Every step in order: duplicates, parents, cycles, durations, clocks, roots."""
    kept = unique(spans)
    draft = drafted(kept)
    if len(kept) < len(spans):
        draft = draft.noting(f"{counted(len(spans) - len(kept), 'span')} came more than once.")
    for adjust in ADJUSTERS:
        draft = adjust(draft)
    return draft


def unique(spans: Sequence[Span]) -> tuple[Span, ...]:
    """One span an id, in order of arrival: the one that says most, of equals the last. Spans without an id stay."""
    if len({span.span_id for span in spans}) == len(spans):
        return tuple(spans)
    best: dict[object, Span] = {}
    for position, span in enumerate(spans):
        key: object = span.span_id or position
        known = best.get(key)
        if known is None or _told(span) >= _told(known):
            best[key] = span
    return tuple(best.values())


def _told(span: Span) -> tuple[bool, int]:
    return span.duration_ns > 0, len(span.attributes) + len(span.events) + len(span.links)


def orphaned(draft: Draft) -> Draft:
    """A span whose parent is not here becomes a root of its own, marked.

    The only one of a trace without a root is no orphan: whoever called sends no spans, as most callers do.
    """
    tops = [i for i, parent in enumerate(draft.parents) if parent == NO_PARENT]
    orphans = [i for i in tops if draft.spans[i].parent_id]
    if not orphans:
        return draft
    if len(tops) == 1 and draft.spans[tops[0]].kind is SpanKind.SERVER:
        return draft.noting(f"Whoever called {draft.spans[tops[0]].service} has sent no span.")
    lone = "its parent; it stands as a root" if len(orphans) == 1 else "their parent; they stand as roots"
    return draft.marking(orphans, Mark.ORPHAN).noting(f"{counted(len(orphans), 'span')} came without {lone}.")


def acyclic(draft: Draft) -> Draft:
    """Parents that go round in a circle: the earliest span of each circle becomes a root."""
    cuts = [min(ring, key=draft.starts.__getitem__) for ring in _rings(draft.parents)]
    if not cuts:
        return draft
    parents = list(draft.parents)
    for cut in cuts:
        parents[cut] = NO_PARENT
    names = ", ".join(sorted({draft.spans[cut].name for cut in cuts})[:3])
    return replace(draft, parents=parents).noting(f"Parents go round in a circle; it was cut at {names}.")


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


def ended(draft: Draft) -> Draft:
    """A span that ends before it starts takes no time."""
    if not draft.durations or min(draft.durations) >= 0:
        return draft
    wrong = [i for i, duration in enumerate(draft.durations) if duration < 0]
    durations = [max(0, duration) for duration in draft.durations]
    verb = "ends before it starts" if len(wrong) == 1 else "end before they start"
    marked = replace(draft, durations=durations).marking(wrong, Mark.SKEWED)
    return marked.noting(f"{counted(len(wrong), 'span')} {verb}, drawn without length.")


def near(draft: Draft) -> Draft:
    """Times in 1970, or absurdly far from the rest: put beside the parent, what is below moves along."""
    if not draft.starts or _close_together(draft):
        return draft
    plausible = sorted(start for start in draft.starts if start >= _PLAUSIBLE_NS) or sorted(draft.starts)
    middle = plausible[len(plausible) // 2]
    earliest = next(start for start in plausible if middle - start <= FAR_NS)
    starts, durations = list(draft.starts), list(draft.durations)
    moved: list[int] = []
    for index in parents_first(draft.parents):
        start, parent = draft.starts[index], draft.parents[index]
        if abs(start - middle) > FAR_NS:
            along = start + starts[parent] - draft.starts[parent] if parent != NO_PARENT else start
            beside = starts[parent] if parent != NO_PARENT else earliest
            starts[index] = along if abs(along - middle) <= FAR_NS else beside
            moved.append(index)
        if durations[index] > FAR_NS:
            end = start + durations[index]
            durations[index] = max(0, end - starts[index]) if abs(end - middle) <= FAR_NS else 0
            moved.append(index)
    if not moved:
        return draft
    marked = replace(draft, starts=starts, durations=durations).marking(moved, Mark.SKEWED)
    number = len(set(moved))
    whose = "its parent" if number == 1 else "their parents"
    return marked.noting(f"{counted(number, 'span')} with times far from the rest, drawn beside {whose}.")


def _close_together(draft: Draft) -> bool:
    return max(draft.starts) - min(draft.starts) <= FAR_NS and max(draft.durations) <= FAR_NS


def rooted(draft: Draft) -> Draft:
    """Several roots stand one below the other; a trace without any is told."""
    roots = sum(1 for i, parent in enumerate(draft.parents) if parent == NO_PARENT and not draft.spans[i].parent_id)
    if roots > 1:
        return draft.noting(f"The trace has {roots:,} roots.")
    if draft.spans and not roots and any(Mark.ORPHAN in marks for marks in draft.marks.values()):
        return draft.noting("The root has not arrived.")
    return draft


ADJUSTERS = (orphaned, acyclic, ended, near, in_step, rooted)
