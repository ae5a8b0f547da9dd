"""A request is taken apart without losing a byte of its spans."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from meshctl.adapters.otlp import limits
from meshctl.adapters.otlp.decode import BadPayload, spans_of
from meshctl.adapters.otlp.framing import encoded, framed
from meshctl.adapters.otlp.wire import Split, joined, split
from meshctl.core.traces.stored import Header
from tests.adapters.otlp.filled import Filler
from tests.adapters.otlp.requests import message, pairs, request, span, trace_id


def _together(parts: Split) -> bytes:
    data: dict[Header, list[bytes]] = {}
    for batch in parts.batches:
        header = Header(batch.resource, batch.scope, batch.service)
        data[header] = [row[0] for rows in batch.rows.values() for row in rows]
    return joined(data)


def _only_row(body: bytes) -> Any:
    parts = split(body)
    assert len(parts.batches) == 1
    (rows,) = parts.batches[0].rows.values()
    return rows[0]


def test_what_is_put_together_again_says_the_same() -> None:
    sent = message([("a", "x", [span(1), span(2, 1)]), ("b", "y", [span(3, 2)])])
    assert TracesData.FromString(_together(split(sent.SerializeToString()))) == TracesData.FromString(
        sent.SerializeToString()
    )


def test_every_field_there_is_survives() -> None:
    for whole in Filler().fill(TracesData.DESCRIPTOR):
        body = whole.SerializeToString()
        parts = split(body)
        assert not parts.rejected
        assert TracesData.FromString(_together(parts)) == whole


def _with_unknown_fields() -> bytes:
    """Field 999 at every level, behind and before what is known, and an overlong tag for the spans."""
    unknown = encoded(999 << 3 | 2) + b"\x03new"
    word = ExportTraceServiceRequest.FromString(request(span(1)))
    one = word.resource_spans[0].scope_spans[0].spans[0].SerializeToString() + unknown
    scope = word.resource_spans[0].scope_spans[0].scope.SerializeToString()
    spans = unknown + framed(0x12, one) + framed(0x0A, scope) + b"\x92\x00" + encoded(len(one)) + one
    resource = framed(0x12, spans) + unknown + framed(0x0A, word.resource_spans[0].resource.SerializeToString())
    return framed(0x0A, resource)


def test_unknown_fields_odd_order_and_overlong_tags_survive() -> None:
    body = _with_unknown_fields()
    back = _together(split(body))
    assert back.count(b"new") == 4
    assert TracesData.FromString(back).SerializeToString(deterministic=True) == TracesData.FromString(
        body
    ).SerializeToString(deterministic=True)
    assert [found.service for found in spans_of(back)] == ["orders", "orders"]


def test_groups_which_nobody_sends_do_not_stop_it() -> None:
    group = encoded(20 << 3 | 3) + b"\x08\x01" + encoded(20 << 3 | 4)
    word = ExportTraceServiceRequest.FromString(request(span(1)))
    inner = word.resource_spans[0].scope_spans[0].SerializeToString() + group
    body = framed(0x0A, framed(0x12, inner))
    assert split(body).spans == 1
    assert [found.span_id for found in spans_of(_together(split(body)))] == [f"{1:016x}"]


def test_spans_of_one_trace_in_a_scope_come_together() -> None:
    rows = split(request(span(1, trace=1), span(2, trace=2), span(3, trace=1))).batches[0].rows
    assert {key: [row[1] for row in found] for key, found in rows.items()} == {
        trace_id(1): ["work 1", "work 3"],
        trace_id(2): ["work 2"],
    }


def test_a_row_tells_root_and_failure() -> None:
    assert _only_row(request(span(1, error=True)))[4:] == (True, True)
    assert _only_row(request(span(2, 1)))[4:] == (False, False)
    assert _only_row(request(span(2, parent_span_id=bytes(8))))[4] is True


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        ({"trace_id": b""}, "trace id"),
        ({"trace_id": b"\1" * 15}, "trace id"),
        ({"trace_id": bytes(16)}, "trace id"),
        ({"span_id": b""}, "span id"),
        ({"span_id": b"\1" * 9}, "span id"),
        ({"span_id": bytes(8)}, "span id"),
        ({"parent_span_id": b"\1" * 7}, "parent id"),
    ],
)
def test_a_span_with_a_broken_id_is_rejected_alone(broken: dict[str, Any], cause: str) -> None:
    parts = split(request(span(1), span(2) | broken, span(3)))
    assert (parts.spans, dict(parts.rejected)) == (3, {cause: 1})
    assert [row[1] for row in parts.batches[0].rows[trace_id(1)]] == ["work 1", "work 3"]


def test_strange_times_and_missing_names_are_kept() -> None:
    row = _only_row(request(span(1, name="", start_time_unix_nano=9, end_time_unix_nano=0)))
    assert row[1:4] == ("", 9, 0)


def test_a_value_of_a_megabyte_is_cut_and_counted() -> None:
    parts = split(request(span(1, attributes={"big": "é" * 500_000, "small": 1})))
    found = spans_of(_together(parts))[0]
    assert parts.limited == 1
    assert len(found.attributes["big"].encode()) <= limits.MAX_VALUE + 4 and found.attributes["small"] == 1


def test_too_many_attributes_events_and_links_are_cut_and_counted() -> None:
    many = limits.MAX_ITEMS + 7
    words = {
        "attributes": pairs({f"k{n}": n for n in range(many)}),
        "events": [{"name": "e"}] * many,
        "links": [{}] * many,
    }
    sent = span(1) | words | {"dropped_attributes_count": 2**32 - 3}
    back = TracesData.FromString(_together(split(request(sent)))).resource_spans[0].scope_spans[0].spans[0]
    assert (len(back.attributes), len(back.events), len(back.links)) == (limits.MAX_ITEMS,) * 3
    assert (back.dropped_attributes_count, back.dropped_events_count, back.dropped_links_count) == (2**32 - 1, 7, 7)


def test_nested_values_and_events_are_cut_too() -> None:
    big = {"string_value": "x" * 200_000}
    nested = {
        "array_value": {"values": [{"kvlist_value": {"values": [{"key": "k", "value": big}] * 3}}, {"int_value": 1}]}
    }
    event = {"name": "n" * 100_000, "attributes": [{"key": "stack", "value": big}]}
    parts = split(request(span(1) | {"attributes": [{"key": "a", "value": nested}], "events": [event]}))
    assert len(_together(parts)) < 3 * limits.MAX_VALUE


def test_a_resource_of_a_megabyte_is_cut() -> None:
    parts = split(request(span(1), big="x" * 1_000_000))
    assert len(parts.batches[0].resource) < limits.MAX_HEADER and parts.batches[0].service == "orders"


def test_a_scope_of_a_megabyte_is_cut() -> None:
    parts = split(request(span(1), scope="x" * 1_000_000))
    assert len(parts.batches[0].scope) < limits.MAX_HEADER


@pytest.mark.parametrize("body", [b"\x0a", b"\x0a\x05abc", b"no protobuf", b"\xff" * 40])
def test_what_is_no_protobuf_is_refused(body: bytes) -> None:
    with pytest.raises(BadPayload):
        split(body)


def test_every_truncation_is_refused_or_loses_whole_spans_only() -> None:
    body = request(span(1), span(2), span(3))
    for size in range(len(body)):
        try:
            parts = split(body[:size])
        except BadPayload:
            continue
        assert parts.spans == 0


def test_requests_with_the_same_fingerprint_are_the_same() -> None:
    assert split(request(span(1), span(2))).fingerprint == split(request(span(1), span(2))).fingerprint
    assert split(request(span(1), span(2))).fingerprint != split(request(span(1), span(3))).fingerprint
    assert split(b"").fingerprint == (0, b"", b"", b"")
