"""What gets a sign in its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from meshctl.core.traces.waterfall import waterfall
from meshctl.core.traces.waterfall.marks import READ_ALL, READ_MOST
from meshctl.model.spans import Span, SpanEvent, SpanKind
from meshctl.model.waterfall import Mark
from tests.spans import order, span, trace

CLIENT, SERVER, PRODUCER, CONSUMER = SpanKind.CLIENT, SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER


def marks(*spans: Span) -> dict[int, set[Mark]]:
    """By number of the span; those without any are left out."""
    rows = waterfall(trace(*spans)).rows
    return {int(row.span.span_id, 16): set(row.marks) for row in rows if row.marks}


def test_a_plain_trace_has_only_what_outlived_the_root() -> None:
    assert marks(*order().spans) == {12: {Mark.LATE}}


def test_errors() -> None:
    assert marks(span(1, ms=9), span(2, 1, error=True)) == {2: {Mark.ERROR}}


@pytest.mark.parametrize(
    ("attributes", "mark"),
    [
        ({"mesh.attempt": 2}, Mark.RETRY),
        ({"http.request.resend_count": 1}, Mark.RETRY),
        ({"mesh.short_circuit": True}, Mark.SHORT_CIRCUIT),
        ({"mesh.rate_limited": True}, Mark.RATE_LIMITED),
        ({"http.response.status_code": 429}, Mark.RATE_LIMITED),
        ({"http.status_code": "429"}, Mark.RATE_LIMITED),
        ({"rpc.grpc.status_code": 8}, Mark.RATE_LIMITED),
        ({"rpc.response.status_code": "RESOURCE_EXHAUSTED"}, Mark.RATE_LIMITED),
    ],
)
def test_attributes_that_say_it(attributes: dict[str, Any], mark: Mark) -> None:
    assert marks(span(1, ms=9), span(2, 1, kind=CLIENT, attributes=attributes)) == {2: {mark}}


@pytest.mark.parametrize(
    "attributes",
    [{"mesh.attempt": 1}, {"mesh.short_circuit": False}, {"http.response.status_code": 200}, {"mesh.attempt": "x"}, {}],
)
def test_attributes_that_do_not(attributes: dict[str, Any]) -> None:
    assert marks(span(1, ms=9), span(2, 1, kind=CLIENT, attributes=attributes)) == {}


@pytest.mark.parametrize("name", ["breaker.rejected", "breaker.short_circuit"])
def test_a_breaker_that_rejects_says_so_in_an_event(name: str) -> None:
    assert marks(span(1, ms=9, events=(SpanEvent(name, 0),))) == {1: {Mark.SHORT_CIRCUIT}}


def test_a_call_after_a_failed_one_of_the_same_name_is_a_retry() -> None:
    spans = (
        span(1, ms=30),
        span(2, 1, name="GET", at=1, ms=5, kind=CLIENT, error=True),
        span(3, 1, name="GET", at=8, ms=5, kind=CLIENT, error=True),
        span(4, 1, name="GET", at=15, ms=5, kind=CLIENT),
        span(5, 1, name="GET", at=22, ms=5, kind=CLIENT),
        span(6, 1, name="PUT", at=28, ms=1, kind=CLIENT),
    )
    assert marks(*spans) == {2: {Mark.ERROR}, 3: {Mark.ERROR, Mark.RETRY}, 4: {Mark.RETRY}}


@pytest.mark.parametrize(
    ("why", "second"),
    [
        ("it asks for something else", span(3, 1, name="GET", at=8, kind=CLIENT, attributes={"url.full": "http://b"})),
        ("it began before the first had failed", span(3, 1, name="GET", at=3, kind=CLIENT)),
        (
            "it says that it is the first attempt",
            span(3, 1, name="GET", at=8, kind=CLIENT, attributes={"mesh.attempt": 1}),
        ),
        ("it serves and does not call", span(3, 1, name="GET", at=8, kind=SERVER)),
        ("it has another parent", span(3, 2, name="GET", at=2, kind=CLIENT)),
    ],
)
def test_a_span_after_a_failed_one_is_no_retry_when(why: str, second: Span) -> None:
    failed = span(2, 1, name="GET", at=1, ms=5, kind=CLIENT, error=True)
    assert marks(span(1, ms=30), failed, second) == {2: {Mark.ERROR}}, why


def test_a_child_that_leaves_its_parent_is_outside() -> None:
    spans = (
        span(1, ms=40),
        span(2, 1, at=10, ms=10),
        span(3, 2, at=9, ms=3),
        span(4, 2, at=15, ms=9),
        span(5, 2, at=30),
    )
    assert marks(*spans) == {3: {Mark.OUTSIDE}, 4: {Mark.OUTSIDE}, 5: {Mark.OUTSIDE}}


def test_a_server_may_tidy_up_for_a_moment() -> None:
    spans = (span(1, ms=40), span(2, 1, kind=CLIENT, at=10, ms=10), span(3, 2, "users", kind=SERVER, at=12, ms=8.9))
    assert marks(*spans) == {}


def test_a_consumer_is_neither_outside_nor_late_while_the_root_runs() -> None:
    spans = (span(1, ms=40), span(2, 1, at=1, ms=2, kind=PRODUCER), span(3, 2, "mailer", at=9, ms=5, kind=CONSUMER))
    assert marks(*spans) == {}


def test_work_that_nobody_waits_for_and_all_below_it_is_late_once_the_root_has_ended() -> None:
    spans = (
        span(1, ms=10),
        span(2, 1, at=1, ms=2, kind=PRODUCER),
        span(3, 2, "mailer", at=9, ms=5, kind=CONSUMER),
        span(4, 3, "mailer", at=11, ms=2),
        span(5, 1, at=12, ms=2),
    )
    assert marks(*spans) == {3: {Mark.LATE}, 4: {Mark.LATE}, 5: {Mark.LATE}}


def test_marks_stand_in_one_order() -> None:
    spans = (
        span(1, ms=9),
        span(2, 77, kind=CLIENT, error=True, attributes={"mesh.attempt": 3, "mesh.rate_limited": True}),
    )
    found = [row.marks for row in waterfall(trace(*spans)).rows if row.marks]
    assert found == [(Mark.ERROR, Mark.RETRY, Mark.RATE_LIMITED, Mark.ORPHAN)]


class Counted(Mapping[str, Any]):
    """Attributes that count how many of them were read."""

    read: ClassVar[set[int]] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(id(self))
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_of_a_large_trace_only_what_errors_lead_to_is_read() -> None:
    Counted.read.clear()
    calls = [span(n, 1, kind=CLIENT, attributes=Counted(), error=n == 40) for n in range(2, READ_ALL + 50)]
    waterfall(trace(span(1, ms=90, attributes=Counted()), *calls))
    assert 0 < len(Counted.read) < 5


def test_of_a_large_trace_that_failed_all_over_not_everything_is_read() -> None:
    Counted.read.clear()
    calls = [span(n, 1, name=f"call {n}", attributes=Counted(), error=True) for n in range(2, READ_MOST + 500)]
    waterfall(trace(span(1, ms=90, attributes=Counted()), *calls))
    assert len(Counted.read) == READ_MOST
