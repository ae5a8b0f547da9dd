"""OTLP JSON and OTLP protobuf say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from meshctl.adapters.otlp.decode import BadPayload
from meshctl.adapters.otlp.json_form import BadJson, json_of_data, request_of_json
from tests.adapters.otlp.filled import Filler


def _everything() -> Message:
    merged: Message = TracesData()
    for message in Filler().fill(TracesData.DESCRIPTOR):
        merged.MergeFrom(message)
    return merged


def _fields_set(message: Message) -> set[str]:
    names = set()
    for field, value in message.ListFields():
        names.add(field.full_name)
        if field.message_type is not None:
            for item in value if field.default_value == [] else [value]:
                names |= _fields_set(item)
    return names


def _fields_known(message: Any, seen: set[str]) -> set[str]:
    names = {field.full_name for field in message.fields}
    for field in message.fields:
        if field.message_type is not None and field.message_type.full_name not in seen:
            seen.add(field.message_type.full_name)
            names |= _fields_known(field.message_type, seen)
    return names


def test_every_field_that_the_descriptors_know_survives_the_way_to_json_and_back() -> None:
    sent = _everything()
    assert _fields_set(sent) == _fields_known(TracesData.DESCRIPTOR, set())
    back = TracesData.FromString(request_of_json(json_of_data(sent.SerializeToString())))
    assert back == sent


def test_ids_are_hex_long_integers_text_and_enums_numbers() -> None:
    text = json.dumps(json.loads(json_of_data(_everything().SerializeToString())))
    span = json.loads(text)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16 and len(span["parentSpanId"]) == 16
    assert isinstance(span["startTimeUnixNano"], str) and isinstance(span["kind"], int)
    assert isinstance(span["droppedAttributesCount"], int)


def _request(span: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def _span_of(body: bytes) -> Any:
    return TracesData.FromString(request_of_json(body)).resource_spans[0].scope_spans[0].spans[0]


def test_snake_case_keys_enum_names_and_plain_numbers_are_understood() -> None:
    span = _span_of(
        _request({"trace_id": "AB" * 16, "kind": "SPAN_KIND_SERVER", "start_time_unix_nano": 5, "endTimeUnixNano": "7"})
    )
    assert (span.trace_id, span.kind, span.start_time_unix_nano, span.end_time_unix_nano) == (b"\xab" * 16, 2, 5, 7)


def test_unknown_fields_and_nulls_are_passed_over() -> None:
    assert _span_of(_request({"name": "a", "colour": {"deep": [1]}, "status": None, "events": None})).name == "a"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_keep_their_word(value: str) -> None:
    sent = request_of_json(_request({"attributes": [{"key": "k", "value": {"doubleValue": value}}]}))
    back = json.loads(json_of_data(sent))["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert back["attributes"] == [{"key": "k", "value": {"doubleValue": value}}]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"traceId": "xyz"}, "traceId"),
        ({"traceId": 5}, "traceId"),
        ({"name": 5}, "name cannot be a number '5'"),
        ({"kind": "SPAN_KIND_LOUD"}, "kind"),
        ({"kind": 2**40}, "fit"),
        ({"startTimeUnixNano": "1.5"}, "startTimeUnixNano"),
        ({"startTimeUnixNano": "-1"}, "fit"),
        ({"startTimeUnixNano": True}, "startTimeUnixNano"),
        ({"startTimeUnixNano": "9" * 5000}, "startTimeUnixNano"),
        ({"attributes": {"key": "k"}}, "attributes must be a list"),
        ({"attributes": ["k"]}, "KeyValue"),
        ({"attributes": [{"key": "k", "value": {"boolValue": 1}}]}, "boolValue"),
        ({"attributes": [{"key": "k", "value": {"bytesValue": "*"}}]}, "bytesValue"),
        ({"name": "\ud800"}, "fit"),
        ({"status": []}, "Status"),
    ],
)
def test_wrong_types_are_refused_and_the_field_is_named(span: dict[str, Any], said: str) -> None:
    with pytest.raises(BadJson, match=said):
        request_of_json(_request(span))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b'"x"', b"\xff\xfe{}", b"[" * 100_000, b'{"resourceSpans":{}}']
)
def test_what_is_no_otlp_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadJson):
        request_of_json(body)


def test_values_nested_without_end_are_refused() -> None:
    value: dict[str, Any] = {"stringValue": "core"}
    for _ in range(60):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(BadJson, match="too deeply"):
        request_of_json(_request({"attributes": [{"key": "k", "value": value}]}))


def test_truncated_protobuf_is_refused() -> None:
    whole = _everything().SerializeToString()
    with pytest.raises(BadPayload):
        json_of_data(whole[:-3])


def test_nothing_is_an_empty_document() -> None:
    assert json_of_data(b"") == b'{"resourceSpans":[]}'
    assert request_of_json(b"{}") == b""
