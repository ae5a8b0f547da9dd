"""Traces that were recorded answer as a collector that has them does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshctl.adapters.otlp.encode import request_json
from meshctl.adapters.otlp.json_form import request_of_json
from meshctl.collector.traces.memory import TraceMemory
from meshctl.core.traces.archive import TraceArchive
from meshctl.errors import UsageError
from meshctl.model.spans import Span, SpanEvent, SpanKind
from meshctl.model.traces import Trace, TraceQuery
from tests.spans import BEGIN_NS, order, span, trace

NOW_NS = BEGIN_NS + 120_000_000_000


def of(number: int, *spans: Span) -> Trace:
    trace_id = f"{number:032x}"
    return Trace(trace_id, tuple(replace(one, trace_id=trace_id) for one in spans))


FAILED = of(
    2,
    span(1, 0, "users", "GET /users", at=90_000, ms=900, kind=SpanKind.SERVER, error=True, attributes={"sku": "tea"}),
    span(2, 1, "users", "SELECT", at=90_100, ms=5, kind=SpanKind.CLIENT, attributes={"db.system": "postgresql"}),
)
ROOTLESS = of(3, span(5, 4, "worker", "run/send", at=50_000, events=(SpanEvent("Paid", BEGIN_NS),)))
TWO_ROOTS = of(
    4,
    span(1, 0, "echo", "late", at=61_000),
    span(2, 0, "echo", "early", at=60_000, resource={"service.name": "echo", "zone": "b"}),
)
TRACES = (order(), FAILED, ROOTLESS, TWO_ROOTS)


@pytest.fixture(scope="module")
def memory() -> TraceMemory:
    """A collector that was sent the same."""
    kept = TraceMemory(clock_ns=lambda: NOW_NS)
    for one in TRACES:
        kept.ingest(request_of_json(request_json(one.spans)))
    return kept


@pytest.fixture(scope="module")
def archive() -> TraceArchive:
    return TraceArchive(TRACES, NOW_NS)


@pytest.mark.parametrize(
    "query",
    [
        TraceQuery(),
        TraceQuery(limit=2),
        TraceQuery(service="users"),
        TraceQuery(service="users", operation="SELECT users"),
        TraceQuery(error=True),
        TraceQuery(error=False),
        TraceQuery(min_duration_ns=500_000_000),
        TraceQuery(max_duration_ns=30_000_000),
        TraceQuery(attributes=(("sku", "tea"),)),
        TraceQuery(attributes=(("zone", "b"),)),
        TraceQuery(text="paid"),
        TraceQuery(text="WORKER"),
        TraceQuery(text="nowhere"),
        TraceQuery(since_ns=BEGIN_NS + 55_000_000_000),
        TraceQuery(until_ns=BEGIN_NS + 55_000_000_000),
    ],
)
def test_a_search_finds_what_a_collector_finds(archive: TraceArchive, memory: TraceMemory, query: TraceQuery) -> None:
    found = [replace(row, revision=0) for row in archive.search(query)]
    assert found == [replace(row, revision=0) for row in memory.search(query)]


@pytest.mark.parametrize("window_s", [0.0, 40.0, 100.0])
def test_edges_are_those_of_a_collector(archive: TraceArchive, memory: TraceMemory, window_s: float) -> None:
    assert archive.edges(window_s) == memory.edges(window_s)


def test_rows_and_services_are_those_of_a_collector(archive: TraceArchive, memory: TraceMemory) -> None:
    assert archive.services() == memory.services()
    assert [row.trace_id for row in archive.rows()] == [row.trace_id for row in memory.search(TraceQuery())]


def test_pins_and_cuts_are_kept() -> None:
    (row,) = TraceArchive([replace(order(), pinned=True, truncated=3)], NOW_NS).rows()
    assert (row.pinned, row.truncated) == (True, 3)


def test_a_trace_is_found_by_the_beginning_of_its_id(archive: TraceArchive) -> None:
    assert archive.trace(order().trace_id[:6]) == order()
    assert archive.trace("ffff") is None
    with pytest.raises(UsageError, match="3 traces begin with '0000'"):
        archive.trace("0000")


def test_a_trace_without_spans_is_no_row() -> None:
    assert TraceArchive([trace()], NOW_NS).rows() == ()
