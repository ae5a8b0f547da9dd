"""The same request again and again under one parent, where one would do (N+1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meshctl.model.traces import Span, SpanKind
from meshctl.model.waterfall import Mark

#: So many times the same operation under one parent is a loop over single requests.
MANY = 5
_REQUESTS = (SpanKind.CLIENT, SpanKind.PRODUCER)


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
