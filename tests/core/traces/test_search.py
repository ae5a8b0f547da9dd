"""What the conditions of a query mean."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.traces.search import contain_text, have_attributes, reads_as
from meshctl.model.spans import SpanEvent
from tests.spans import BEGIN_NS, span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5, "5.0"),
        (0.5, "0.50"),
        (-3, "-3"),
        (1e300, "1e300"),
        (b"\xab", "AB"),
        (["a", 1], '["a", 1]'),
        ({"a": [True]}, '{"a":[true]}'),
    ],
)
def test_a_value_reads_as_its_text(value: Any, text: str) -> None:
    assert reads_as(value, text)


@pytest.mark.parametrize(
    ("value", "text"), [("a", "A"), (True, "1"), (1, "true"), (5, "six"), (5, ""), (["a"], "a"), (1, "nan")]
)
def test_and_as_no_other(value: Any, text: str) -> None:
    assert not reads_as(value, text)


def test_one_span_or_its_resource_carries_all_attributes() -> None:
    spans = [span(1, attributes={"a": 1}, resource={"r": "x"}), span(2, attributes={"b": 2})]
    assert have_attributes(spans, (("a", "1"), ("r", "x")))
    assert not have_attributes(spans, (("a", "1"), ("b", "2")))
    assert not have_attributes(spans, (("a", "2"),))


def test_text_is_found_in_every_place_that_speaks() -> None:
    one = span(
        1,
        0,
        "orders",
        "POST /Orders/",
        status_message="No Stock",
        attributes={"Http.Route": "/Kaffee", "n": 5, "list": ["Deep"]},
        events=(SpanEvent("exception", BEGIN_NS, {"exception.message": "Refused"}),),
    )
    for text in ("orders", "post /", "no stock", "http.route", "kaffee", "deep", "exception", "refused"):
        assert contain_text([one], text), text
    assert not contain_text([one], "tea")
