"""Protobuf becomes model spans, attributes when they are read."""

from __future__ import annotations

import copy
import pickle

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from meshctl.adapters.otlp.decode import UNKNOWN_SERVICE, BadPayload, spans_of
from meshctl.model.spans import SpanKind, SpanStatus
from tests.adapters.otlp.filled import Filler
from tests.adapters.otlp.requests import message, request, span
from tests.spans import BEGIN_NS


def test_a_span_keeps_every_field_of_the_model() -> None:
    found = spans_of(
        request(
            span(
                2,
                1,
                kind=3,
                error=True,
                attributes={"a": "b", "n": 5},
                events=[{"name": "exception", "time_unix_nano": 7, "attributes": []}],
                links=[{"trace_id": b"\1" * 16, "span_id": b"\2" * 8}],
            ),
            **{"service.instance.id": "orders-2"},
        )
    )[0]
    assert (found.span_id, found.parent_id, found.service, found.instance) == (
        f"{2:016x}",
        f"{1:016x}",
        "orders",
        "orders-2",
    )
    assert (found.kind, found.status, found.status_message) == (SpanKind.CLIENT, SpanStatus.ERROR, "it failed")
    assert (found.start_ns, found.duration_ns, found.scope) == (BEGIN_NS, 1_000_000, "tests")
    assert found.attributes == {"a": "b", "n": 5}
    assert found.resource["service.name"] == "orders"
    assert found.events[0].name == "exception" and found.links[0].span_id == "02" * 8


def test_every_kind_of_value_is_decoded() -> None:
    words = {
        "values": [{"string_value": "a"}, {"kvlist_value": {"values": [{"key": "k", "value": {"bool_value": True}}]}}]
    }
    found = spans_of(
        request(
            span(attributes={"b": b"\0", "d": 0.5}, links=[])
            | {
                "attributes": [
                    {"key": "list", "value": {"array_value": words}},
                    {"key": "none"},
                    {"key": "bytes", "value": {"bytes_value": b"\0"}},
                    {"key": "double", "value": {"double_value": 0.5}},
                ]
            }
        )
    )[0]
    assert found.attributes == {"list": ["a", {"k": True}], "none": "", "bytes": b"\0", "double": 0.5}


def test_attributes_behave_as_a_mapping_and_copy_as_a_dict() -> None:
    attributes = spans_of(request(span(attributes={"a": 1, "b": "x"})))[0].attributes
    assert list(attributes) == ["a", "b"] and len(attributes) == 2 and "a" in attributes
    assert repr(attributes) == "{'a': 1, 'b': 'x'}" and attributes.get("c", 3) == 3
    assert {**attributes} == attributes == {"a": 1, "b": "x"} and attributes != {"a": 1}
    assert type(copy.deepcopy(attributes)) is dict and pickle.loads(pickle.dumps(attributes)) == attributes


def test_of_equal_keys_the_last_one_counts() -> None:
    twice = [{"key": "a", "value": {"int_value": 1}}, {"key": "a", "value": {"int_value": 2}}]
    assert spans_of(request(span() | {"attributes": twice}))[0].attributes == {"a": 2}


def test_spans_of_equal_resources_share_one_mapping() -> None:
    found = spans_of(message([("a", "x", [span(1)]), ("a", "y", [span(2)]), ("b", "x", [span(3)])]).SerializeToString())
    assert found[0].resource is found[1].resource and found[0].resource is not found[2].resource


def test_broken_ids_and_unknown_kinds_are_taken_as_they_are() -> None:
    odd = {"trace_id": b"\1", "span_id": b"", "parent_span_id": b"\3" * 20, "kind": 99, "status": {"code": 99}}
    found = spans_of(request(span() | odd))[0]
    assert (found.trace_id, found.span_id, found.parent_id) == ("01", "", "03" * 20)
    assert (found.kind, found.status) == (SpanKind.UNSPECIFIED, SpanStatus.UNSET)


def test_a_parent_of_zeros_is_none_and_a_missing_service_has_a_name() -> None:
    sent = TracesData()
    sent.resource_spans.add().scope_spans.add().spans.add(parent_span_id=bytes(8))
    found = spans_of(sent.SerializeToString())
    assert (found[0].parent_id, found[0].service) == ("", UNKNOWN_SERVICE)


def test_every_field_there_is_can_be_decoded() -> None:
    for whole in Filler().fill(TracesData.DESCRIPTOR):
        for found in spans_of(whole.SerializeToString()):
            assert repr(found)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_truncated_protobuf_is_refused(cut: int) -> None:
    with pytest.raises(BadPayload):
        spans_of(request(span(attributes={"a": "b" * 50}))[:-cut])
