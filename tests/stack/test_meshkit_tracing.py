"""W3C trace context: what is accepted, continued and sent on."""

from __future__ import annotations

import pytest

from meshkit import tracing

TRACE, SPAN = "1" * 32, "2" * 16
VALID = f"00-{TRACE}-{SPAN}-01"


def test_a_valid_header_is_read() -> None:
    assert tracing.parse(VALID) == tracing.TraceContext(TRACE, SPAN, "01")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE.replace('1', 'A')}-{SPAN}-01",
    ],
)
def test_an_invalid_header_begins_a_new_trace(header: str | None) -> None:
    assert tracing.parse(header) is None
    with tracing.continued({"traceparent": header} if header else {}) as context:
        assert context.trace_id not in {TRACE, "0" * 32}


def test_a_later_version_may_carry_more() -> None:
    assert tracing.parse(f"01-{TRACE}-{SPAN}-01-more") == tracing.TraceContext(TRACE, SPAN, "01")


def test_the_trace_is_continued_with_a_span_of_its_own_and_sent_on() -> None:
    with tracing.continued({"traceparent": VALID}) as context:
        assert context.trace_id == TRACE
        assert context.span_id != SPAN
        assert tracing.headers() == {"traceparent": f"00-{TRACE}-{context.span_id}-01"}
    assert tracing.current() is None


def test_outside_of_a_trace_a_new_one_is_sent() -> None:
    assert tracing.parse(tracing.headers()["traceparent"]) is not None
