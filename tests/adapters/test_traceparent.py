"""W3C Trace Context: a span of our own below what was given, or at the top."""

from __future__ import annotations

import re

import pytest

from meshctl.adapters.traceparent import child_of, trace_id_of

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_without_one_a_sampled_trace_begins() -> None:
    (trace_id, span_id, parent_id), header = child_of("")
    assert re.fullmatch("[0-9a-f]{32}", trace_id) and re.fullmatch("[0-9a-f]{16}", span_id)
    assert (parent_id, header) == ("", f"00-{trace_id}-{span_id}-01")
    assert child_of("")[0] != child_of("")[0]


@pytest.mark.parametrize("flags", ["00", "01"])
def test_one_that_was_given_is_the_parent_and_ours_is_sampled(flags: str) -> None:
    (trace_id, span_id, parent_id), header = child_of(f" 00-{TRACE}-{PARENT}-{flags} ")
    assert (trace_id, parent_id) == (TRACE, PARENT)
    assert span_id != PARENT and header == f"00-{TRACE}-{span_id}-01"
    assert trace_id_of(header) == TRACE


@pytest.mark.parametrize(
    "wrong", [f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{PARENT}-01", "x", TRACE]
)
def test_one_that_is_not_valid_begins_a_trace(wrong: str) -> None:
    (trace_id, _, parent_id), _ = child_of(wrong)
    assert trace_id != TRACE and parent_id == ""
