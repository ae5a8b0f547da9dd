"""Own spans as OTLP JSON come back as they were."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

from meshctl.adapters.otlp.decode import spans_of
from meshctl.adapters.otlp.encode import request_json
from meshctl.adapters.otlp.json_form import request_of_json
from meshctl.model.spans import SpanEvent, SpanKind, SpanLink
from tests.spans import BEGIN_NS, order, span

VALUES = {
    "text": "Grüße",
    "empty": "",
    "truth": True,
    "whole": -(2**63),
    "real": 0.25,
    "bytes": b"\x00\xff",
    "list": ["a", 1, [True]],
    "map": {"a": {"b": 2.5}},
}


def test_every_field_of_a_span_comes_back() -> None:
    sent = span(
        1,
        2,
        kind=SpanKind.CLIENT,
        error=True,
        status_message="refused",
        scope="meshctl",
        attributes=VALUES,
        resource={"service.name": "orders", "service.instance.id": "orders-1", "host.name": "laptop"},
        events=(SpanEvent("exception", BEGIN_NS + 5, {"exception.message": "no"}),),
        links=(SpanLink("ab" * 16, "cd" * 8, {"why": "retry"}),),
    )
    assert spans_of(request_of_json(request_json([sent]))) == (sent,)


def test_a_whole_order_comes_back_grouped_by_service() -> None:
    sent = order().spans
    back = {found.span_id: replace(found, resource={}) for found in spans_of(request_of_json(request_json(sent)))}
    assert back == {one.span_id: one for one in sent}
    assert len(json.loads(request_json(sent))["resourceSpans"]) == len({one.service for one in sent})


def test_what_otlp_has_no_word_for_is_sent_as_text() -> None:
    odd = {"huge": 2**70, "none": None, "set": frozenset({1}), "nan": float("inf"), "lone": "\ud800"}
    back = spans_of(request_of_json(request_json([span(1, attributes=odd)])))[0].attributes
    assert dict(back) == {"huge": str(2**70), "none": "", "set": "frozenset({1})", "nan": float("inf"), "lone": "?"}


def test_times_before_1970_are_sent_as_zero() -> None:
    back = spans_of(request_of_json(request_json([span(1, at=-1e16, ms=5)])))[0]
    assert (back.start_ns, back.end_ns) == (0, 0)


def test_writing_spans_imports_no_protobuf() -> None:
    code = "import sys, meshctl.adapters.otlp.encode; sys.exit('google.protobuf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
