"""Laying out and drawing large traces, in this process: no stack is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Any

from bench.timing import Figure, judged
from meshctl.core.traces.diff import diff
from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.view import visible, whole
from meshctl.model.spans import Span, SpanKind, SpanStatus
from meshctl.model.traces import Trace
from meshctl.present.waterfall import header_line, row_line, ruler_line

_MS = 1_000_000
_BEGIN = 1_795_435_200_000_000_000
_SERVICES = ("orders", "users", "inventory", "payments", "notifications", "worker")
_SCREEN = (160, 50)


def figures() -> list[Figure]:
    """Medians: rows from spans, one screen of them, and a comparison."""
    found = []
    for count, limit_s in ((10_000, 0.12), (50_000, 0.8)):
        trace = branching(count)
        found.append(judged(f"{count:,} spans laid out", _median(lambda trace=trace: waterfall(trace)), limit_s))
    found.append(judged("50,000 spans laid out, each the child of the one before", _median(_deep()), 1.2))
    w = waterfall(branching(10_000))
    found.append(judged("one screen of 10,000 rows drawn", _median(lambda: _screen(w)), 0.015))
    found.append(judged("two traces of 10,000 spans compared", _median(lambda: diff(w, w)), 0.25))
    return found


def branching(count: int) -> Trace:
    """A tree of calls with errors and a few skewed clocks, in the order in which such spans arrive: leaves first."""
    random = Random(count)
    spans: list[Span] = [_span(0, -1, 0, 10_000 * _MS, SpanKind.SERVER, "orders")]
    for number in range(1, count):
        above = spans[random.randrange(max(0, number - 500), number)]
        parent = int(above.span_id, 16) - 1
        start = above.start_ns - _BEGIN + random.randrange(max(1, above.duration_ns // 2))
        kind = SpanKind.SERVER if above.kind is SpanKind.CLIENT else random.choice((SpanKind.CLIENT, SpanKind.INTERNAL))
        service = random.choice(_SERVICES) if kind is SpanKind.SERVER else above.service
        spans.append(_span(number, parent, start, random.randrange(max(1, above.duration_ns // 2)), kind, service))
    return Trace(spans[0].trace_id, tuple(reversed(spans)))


def _deep() -> Callable[[], object]:
    spans = [_span(n, n - 1, n * 10, 10**9 - n * 20, SpanKind.INTERNAL, "orders") for n in range(50_000)]
    trace = Trace(spans[0].trace_id, tuple(spans))
    return lambda: waterfall(trace)


def _span(number: int, parent: int, start: int, duration: int, kind: SpanKind, service: str) -> Span:
    return Span(
        "4bf92f3577b34da6a3ce929d0e0e4736",
        f"{number + 1:016x}",
        f"{parent + 1:016x}" if parent >= 0 else "",
        service,
        f"operation {number % 40}",
        kind,
        _BEGIN + start,
        duration,
        SpanStatus.ERROR if number % 97 == 3 else SpanStatus.UNSET,
        instance=f"{service}-1",
        attributes={"http.response.status_code": 200, "http.request.method": "GET"},
    )


def _screen(w: Any) -> None:
    width, height = _SCREEN
    window = whole(w)
    header_line(w, width)
    ruler_line(w, window, width)
    for index in visible(w, frozenset())[:height]:
        row_line(w, index, window, width)


def _median(work: Callable[[], object], runs: int = 9) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)
