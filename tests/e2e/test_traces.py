"""Traces of the bundled stack: every request is one trace, from the call to the worker."""

from __future__ import annotations

import json
import re
from typing import Any

import docker
import pytest

from tests.e2e.command import Meshctl, eventually

pytestmark = pytest.mark.e2e

ORDER = json.dumps({"user_id": 1, "items": [{"sku": "espresso", "quantity": 1}]})
CROSSED = {"meshctl", "orders", "users", "inventory", "notifications", "worker"}


def traced_order(stack: Meshctl, code: int | None = 0) -> Any:
    return stack.call("orders", "POST", "/orders/", "-d", ORDER, "--trace", code=code)


def by_service(spans: list[dict[str, Any]], service: str) -> list[dict[str, Any]]:
    return [span for span in spans if span["service"] == service]


def test_an_order_is_one_trace_over_every_service_that_it_touches(stack: Meshctl) -> None:
    reply = traced_order(stack)
    assert reply["status"] == 201 and reply["body"]["status"] == "confirmed"
    trace = reply["trace"]
    assert trace["trace_id"] == reply["trace_id"]
    assert trace["settled"] is True
    assert {span["service"] for span in trace["spans"]} == CROSSED
    ids = {span["span_id"] for span in trace["spans"]}
    assert [span["name"] for span in trace["spans"] if span["parent_id"] and span["parent_id"] not in ids] == []
    assert len([span for span in trace["spans"] if not span["parent_id"]]) == 1
    assert 0 < trace["critical_path_ms"] <= trace["duration_ms"]
    assert any(span["critical"] for span in by_service(trace["spans"], "orders"))
    kinds = {span["kind"] for span in trace["spans"]}
    assert {"server", "client", "producer", "consumer"} <= kinds


def test_the_logs_of_a_call_come_with_its_trace(stack: Meshctl) -> None:
    reply = traced_order(stack)
    assert {line["service"] for line in reply["logs"]} >= {"orders", "notifications", "worker"}
    assert all(reply["trace_id"] in line["text"] for line in reply["logs"])


def test_the_waterfall_of_a_call_is_the_one_that_traces_show_prints(stack: Meshctl) -> None:
    called = stack("call", "orders", "POST", "/orders/", "-d", ORDER, "--trace")
    body, _, rest = called.out.partition("\n")
    assert json.loads(body)["status"] == "confirmed"
    newest = stack("traces", "--service", "worker", "--json").json[0]["trace_id"]
    shown = stack("traces", "show", newest).out.rstrip("\n").splitlines()
    assert "critical path" in shown[0]
    printed = rest.splitlines()
    start = printed.index(shown[0])
    assert printed[start : start + len(shown)] == shown
    for service in CROSSED:
        assert any(service in line for line in shown[1:])


def test_traces_finds_what_the_worker_did(stack: Meshctl) -> None:
    wanted = traced_order(stack)["trace_id"]
    found = stack("traces", "--service", "worker", "--json").json
    assert found[0]["trace_id"] == wanted
    assert stack("traces", "show", wanted, "--json").json["trace_id"] == wanted
    assert stack("traces", "show", wanted[:8], "--json").json["trace_id"] == wanted


def test_health_checks_metrics_and_polling_leave_no_traces(stack: Meshctl) -> None:
    traced_order(stack)
    names = {row["name"] for row in stack("traces", "--limit", "1000", "--json").json}
    assert not [name for name in names if re.search(r"/health|/metrics|/v1/(kv|health|agent)|BRPOP|PING", name)]


def test_a_failed_step_shows_its_retries_its_error_and_the_compensation(stack: Meshctl) -> None:
    """The user is served from orders' own calls; inventory is away, so the reservation fails."""
    stack("stop", "inventory")
    try:
        reply = traced_order(stack, code=1)
        assert reply["status"] in (502, 503, 504)
        spans = reply["trace"]["spans"]
        marks = {mark for span in spans for mark in span["marks"]}
        assert "error" in marks
        assert any(span["status"] == "error" for span in by_service(spans, "orders"))
        retried = [span for span in spans if int(span["attributes"].get("mesh.attempt", 0)) > 1]
        short = [span for span in spans if span["attributes"].get("mesh.short_circuit")]
        assert retried or short
        assert [span for span in spans if "compensat" in span["name"].lower()]
    finally:
        stack("start", "inventory")
    eventually(lambda: traced_order(stack, code=None)["status"] == 201, within=60, what="orders are taken again")


def test_what_a_trace_says_comes_back_after_export_and_import(stack: Meshctl, tmp_path: Any) -> None:
    wanted = traced_order(stack)["trace_id"]
    file = tmp_path / "trace.json"
    stack("traces", "export", wanted, "-o", str(file))
    before = json.loads(file.read_text())
    assert stack("traces", "import", str(file)).code == 0
    assert {
        span["spanId"] for part in before["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]
    } == {span["span_id"] for span in stack("traces", "show", wanted, "--json").json["spans"]}


def test_two_orders_can_be_compared(stack: Meshctl) -> None:
    one, other = traced_order(stack)["trace_id"], traced_order(stack)["trace_id"]
    assert "orders" in stack("traces", "diff", one, other).out


def test_up_is_a_trace_too(stack: Meshctl) -> None:
    stack("stop", "echo")
    assert stack("up", "--json").json["trace_id"]
    spans = stack("traces", "show", "up", "--json").json["spans"]
    assert spans[0]["name"].startswith("up ")
    assert any(span["attributes"].get("mesh.critical") for span in spans)
    assert any("echo" in span["name"] or span["attributes"].get("mesh.target") == "echo-1" for span in spans)


def test_a_collector_that_was_killed_still_knows_the_traces(stack: Meshctl, engine: docker.DockerClient) -> None:
    wanted = traced_order(stack)["trace_id"]
    look = (
        "import sys; held = [open('/data/traces.db' + end, 'rb').read() for end in ('', '-wal')]; "
        f"sys.exit(not any(bytes.fromhex('{wanted}') in one for one in held))"
    )
    written = ("exec", "collector", "--", "python", "-c", look)
    eventually(lambda: stack(*written, code=None).code == 0, within=10, what="the trace is in the file")
    engine.containers.get(stack.ps()["collector"]["instances"][0]["container"]).kill("SIGKILL")
    stack("start", "collector")
    assert stack("traces", "show", wanted, "--json").json["trace_id"] == wanted


def test_without_a_collector_the_call_is_answered_and_the_command_says_what_to_do(stack: Meshctl) -> None:
    stack("stop", "collector")
    try:
        called = stack("call", "users", "GET", "/users/1", "--trace")
        assert json.loads(called.out)["id"] == 1
        assert "meshctl start collector" in called.err
        missing = stack("traces", code=3)
        assert "meshctl start collector" in missing.err
    finally:
        stack("start", "collector")
