"""Jaeger's query JSON."""

from __future__ import annotations

import json

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from meshctl.collector.serve import jaeger
from meshctl.collector.serve.jaeger_json import tag
from tests.collector.conftest import Served
from tests.collector.otlp import BEGIN_NS, MS, TRACE, body, span

OTHER = "4bf9" + "0" * 27 + "1"


@pytest.fixture
async def filled(served: Served) -> Served:
    failed = span(2, 1, name="SELECT", kind=3, attributes={"db.system": "postgresql"})
    failed.attributes.add(key="rows").value.int_value = 3
    failed.status.code, failed.status.message = Status.STATUS_CODE_ERROR, "no rows"
    failed.events.add(name="exception", time_unix_nano=BEGIN_NS + MS).attributes.add(
        key="exception.type"
    ).value.string_value = "KeyError"
    failed.links.add(trace_id=bytes.fromhex(OTHER), span_id=(9).to_bytes(8, "big"))
    await served.post(body(span(1, name="GET /orders"), failed, service="orders"))
    await served.post(body(span(3, 2, name="query"), service="users"))
    await served.post(body(span(4, trace=OTHER, start_time_unix_nano=BEGIN_NS + MS), service="users"))
    return served


async def test_services_and_operations_are_listed(filled: Served) -> None:
    services = await filled.json("/api/services")
    assert services == {"data": ["orders", "users"], "total": 2, "limit": 0, "offset": 0, "errors": None}
    assert (await filled.json("/api/services/orders/operations"))["data"] == ["GET /orders", "SELECT"]
    found = (await filled.json("/api/operations?service=users"))["data"]
    assert found[0] == {"name": "query", "spanKind": ""}


async def test_a_trace_has_jaegers_shape(filled: Served) -> None:
    found = (await filled.json(f"/api/traces/{TRACE}"))["data"][0]
    assert set(found) == {"traceID", "spans", "processes", "warnings"}
    assert {key: process["serviceName"] for key, process in found["processes"].items()} == {
        "p1": "orders",
        "p2": "users",
    }
    root, failed, _ = found["spans"]
    assert (root["startTime"], root["duration"], root["references"]) == (BEGIN_NS // 1000, 10_000, [])
    assert (failed["traceID"], failed["spanID"], failed["operationName"]) == (TRACE, f"{2:016x}", "SELECT")
    assert failed["references"] == [
        {"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{1:016x}"},
        {"refType": "FOLLOWS_FROM", "traceID": OTHER, "spanID": f"{9:016x}"},
    ]
    tags = {entry["key"]: (entry["type"], entry["value"]) for entry in failed["tags"]}
    assert tags["db.system"] == ("string", "postgresql") and tags["rows"] == ("int64", 3)
    assert tags["span.kind"] == ("string", "client") and tags["error"] == ("bool", True)
    assert tags["otel.status_code"] == ("string", "ERROR")
    assert tags["otel.status_description"] == ("string", "no rows")
    assert failed["logs"] == [
        {
            "timestamp": (BEGIN_NS + MS) // 1000,
            "fields": [
                {"key": "event", "type": "string", "value": "exception"},
                {"key": "exception.type", "type": "string", "value": "KeyError"},
            ],
        }
    ]
    assert failed["processID"] == "p1" and failed["warnings"] is None


async def test_traces_are_searched_with_jaegers_words(filled: Served) -> None:
    async def ids(**words: object) -> list[str]:
        return [found["traceID"] for found in (await filled.json("/api/traces", **words))["data"]]

    assert await ids(service="users") == [OTHER, TRACE]
    assert await ids(service="orders", operation="SELECT", limit=5, lookback="custom") == [TRACE]
    assert await ids(service="users", tags=json.dumps({"error": "true"})) == [TRACE]
    assert await ids(service="orders", tags=json.dumps({"db.system": "postgresql"})) == [TRACE]
    assert await ids(service="orders", tag="db.system:mysql") == []
    assert await ids(service="users", minDuration="8.5ms", maxDuration="1m1s") == [OTHER, TRACE]
    assert await ids(service="users", minDuration="1s") == []
    assert await ids(service="users", start=BEGIN_NS // 1000 + 500, end=BEGIN_NS // 1000 + 5000) == [OTHER]
    assert await ids(traceID=TRACE) == [TRACE]


@pytest.mark.parametrize(
    "words", ["", "service=a&limit=x", "service=a&minDuration=1", "service=a&tags=[]", "service=a&tag=b", "traceID=xyz"]
)
async def test_wrong_words_are_a_400_in_jaegers_envelope(served: Served, words: str) -> None:
    answer = await served.get(f"/api/traces?{words}")
    assert answer.status_code == 400
    assert answer.json()["data"] is None and answer.json()["errors"][0]["code"] == 400


async def test_more_spans_than_an_answer_may_have_are_left_out_and_said(
    filled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaeger, "MAX_SPANS", 2)
    found = await filled.json("/api/traces", service="users")
    assert [one["traceID"] for one in found["data"]] == [OTHER]
    assert "only 1 of 2" in found["errors"][0]["msg"]
    assert await filled.json("/api/traces", service="nobody") == {
        "data": [],
        "total": 0,
        "limit": 0,
        "offset": 0,
        "errors": None,
    }


async def test_an_unknown_trace_is_a_404_in_jaegers_envelope(served: Served) -> None:
    answer = await served.get("/api/traces/abc")
    assert (answer.status_code, answer.json()["errors"]) == (404, [{"code": 404, "msg": "trace not found"}])


async def test_dependencies_are_calls_between_services(filled: Served) -> None:
    found = await filled.json("/api/dependencies", endTs=2**45, lookback=1)
    assert found["data"] == [], "a window that begins in the future holds nothing"
    found = await filled.json("/api/dependencies", lookback=2**45)
    assert found["data"] == [{"parent": "orders", "child": "users", "callCount": 1}]


def test_values_without_a_type_in_jaeger_become_json_text() -> None:
    assert tag("a", [1, "b"]) == {"key": "a", "type": "string", "value": '[1, "b"]'}
    assert tag("a", b"\x00\xff") == {"key": "a", "type": "binary", "value": "AP8="}
    assert tag("a", 0.5) == {"key": "a", "type": "float64", "value": 0.5}
    assert tag("a", float("nan")) == {"key": "a", "type": "string", "value": "nan"}, "JSON has no such number"
