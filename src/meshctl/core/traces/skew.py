"""Clocks of different machines brought into step, after Jaeger's clock-skew adjuster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshctl.core.traces.draft import NO_PARENT, Draft, parents_first
from meshctl.model.traces import Span, SpanKind
from meshctl.model.waterfall import Mark

_NAMED = 3
_CLIENT, _SERVER = SpanKind.CLIENT, SpanKind.SERVER


def in_step(draft: Draft) -> Draft:
    """A server span outside its client's is moved into its middle; what is below on the same instance moves along.

    Only between two instances, and only if it fits: the network is taken to cost the same in both directions.
    """
    if not any(_shift(draft, i, draft.starts) for i in _served(draft)):
        return draft
    starts = list(draft.starts)
    deltas = [0] * len(starts)
    clocks: dict[str, int] = {}
    served = set(_served(draft))
    for index in parents_first(draft.parents):
        parent = draft.parents[index]
        if parent == NO_PARENT:
            continue
        if _same_clock(draft.spans[index], draft.spans[parent]):
            deltas[index] = deltas[parent]
        elif index in served:
            deltas[index] = _shift(draft, index, starts)
            if deltas[index]:
                span = draft.spans[index]
                clocks.setdefault(span.instance or span.service, deltas[index])
        starts[index] += deltas[index]
    moved = [index for index, delta in enumerate(deltas) if delta]
    return replace(draft, starts=starts).marking(moved, Mark.SKEWED).noting(_note(clocks))


def _served(draft: Draft) -> list[int]:
    """Server spans whose client is on another instance."""
    spans, parents = draft.spans, draft.parents
    servers = [i for i, span in enumerate(spans) if span.kind is _SERVER and parents[i] != NO_PARENT]
    return [i for i in servers if spans[parents[i]].kind is _CLIENT and not _same_clock(spans[i], spans[parents[i]])]


def _same_clock(span: Span, other: Span) -> bool:
    return span.instance == other.instance and span.service == other.service


def _shift(draft: Draft, index: int, starts: Sequence[int]) -> int:
    """Nanoseconds to add so that the span lies in the middle of its parent; 0 if it is longer, or began in it.

    One that begins in time and ends late is more often a server that tidies up than a clock that is wrong.
    """
    parent = draft.parents[index]
    begin, room = starts[parent], draft.durations[parent]
    start, duration = starts[index], draft.durations[index]
    if duration > room or begin <= start <= begin + room:
        return 0
    return begin + (room - duration) // 2 - start


def _note(clocks: dict[str, int]) -> str:
    told = ", ".join(f"{name} by {delta / 1e6:+,.1f} ms" for name, delta in list(clocks.items())[:_NAMED])
    more = f" and {len(clocks) - _NAMED:,} more" if len(clocks) > _NAMED else ""
    return f"Clocks were brought into step: {told}{more}."
