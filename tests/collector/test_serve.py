"""The query API over its port."""

from __future__ import annotations

import json
import urllib.parse
from contextlib import aclosing

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status, TracesData

from meshctl.adapters.collector.feed import CollectorFeed
from meshctl.collector.traces import settle
from meshctl.core.traces.stored import Limits
from tests.collector.conftest import Serve, Served
from tests.collector.otlp import BEGIN_NS, MS, TRACE, body, otlp_json, request, span

OTHER = "4bf9" + "0" * 27 + "1"


async def test_a_list_holds_summaries_newest_first(served: Served) -> None:
    await served.post(body(span(1, name="POST /orders/")))
    await served.post(body(span(2, trace=OTHER, start_time_unix_nano=BEGIN_NS + MS)))
    newest, oldest = (await served.json("/v1/traces"))["traces"]
    assert (newest["trace_id"], oldest["trace_id"]) == (OTHER, TRACE)
    assert (oldest["service"], oldest["name"], oldest["spans"]) == ("orders", "POST /orders/", 1)
    assert oldest["start_ns"] == BEGIN_NS and oldest["duration_ns"] == 10 * MS


async def test_every_filter_reaches_the_search(served: Served) -> None:
    await served.post(body(span(1, name="GET /a", attributes={"sku": "a=b"}), service="orders"))
    slow = span(2, trace=OTHER, name="GET /b", end_time_unix_nano=BEGIN_NS + 900 * MS)
    slow.status.code = Status.STATUS_CODE_ERROR
    await served.post(body(slow, service="users"))

    async def ids(**words: object) -> list[str]:
        return [found["trace_id"] for found in (await served.json("/v1/traces", **words))["traces"]]

    assert await ids(service="users") == await ids(operation="GET /b") == await ids(error="true") == [OTHER]
    assert await ids(min_duration_ms="100.5") == await ids(text="get /B") == [OTHER]
    assert await ids(max_duration_ms=100) == await ids(attribute="sku=a=b") == await ids(error="false") == [TRACE]
    assert await ids(since_ns=BEGIN_NS + 1) == await ids(until_ns=BEGIN_NS - 1) == []
    assert len(await ids(limit=1)) == 1


@pytest.mark.parametrize(
    "words",
    [
        "limit=0",
        "limit=5001",
        "limit=many",
        "error=perhaps",
        "min_duration_ms=-1",
        "min_duration_ms=nan",
        "max_duration_ms=2e12",
        "since_ns=1.5",
        "since_ns=" + "9" * 40,
        "attribute=sku",
        "attribute==1",
    ],
)
async def test_a_wrong_parameter_is_a_400_with_a_sentence(served: Served, words: str) -> None:
    answer = await served.get(f"/v1/traces?{words}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(words.partition("=")[0])


async def test_a_trace_comes_back_as_it_was_sent(served: Served) -> None:
    await served.post(body(span(1), span(2, 1)))
    answer = await served.get(f"/v1/traces/{TRACE}")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert answer.headers["x-trace-id"] == TRACE
    assert answer.headers["x-trace-truncated"] == "0" and answer.headers["x-trace-pinned"] == "false"
    found = TracesData.FromString(answer.content)
    assert [one.name for one in found.resource_spans[0].scope_spans[0].spans] == ["work 1", "work 2"]
    as_json = await served.client.get(f"{served.query}/v1/traces/{TRACE}", headers={"accept": "application/json"})
    assert as_json.json() == otlp_json(request(span(1), span(2, 1)))


async def test_a_trace_is_found_by_the_beginning_of_its_id(served: Served) -> None:
    await served.post(body(span(1)))
    assert (await served.get(f"/v1/traces/{TRACE[:6].upper()}")).headers["x-trace-id"] == TRACE
    await served.post(body(span(1, trace=OTHER)))
    ambiguous = await served.get("/v1/traces/4bf9")
    assert (ambiguous.status_code, sorted(ambiguous.json()["candidates"])) == (409, sorted([TRACE, OTHER]))
    assert (await served.get("/v1/traces/0000")).status_code == 404
    assert (await served.get("/v1/traces/" + "0" * 32)).status_code == 404
    assert (await served.get("/v1/traces/4bf")).status_code == 400
    assert (await served.get("/v1/traces/no-such-id")).status_code == 400


async def test_a_pinned_trace_says_so(served: Served) -> None:
    await served.post(body(span(1)))
    place = f"{served.query}/v1/traces/{TRACE}/pin"
    assert (await served.client.put(place)).status_code == 204
    assert (await served.get(f"/v1/traces/{TRACE}")).headers["x-trace-pinned"] == "true"
    assert (await served.client.delete(place)).status_code == 204
    assert (await served.get(f"/v1/traces/{TRACE}")).headers["x-trace-pinned"] == "false"
    assert (await served.client.put(f"{served.query}/v1/traces/{'0' * 32}/pin")).status_code == 404


async def test_one_pin_too_many_is_a_409_that_says_so(served: Served) -> None:
    many = [f"{number:032x}" for number in range(1, Limits().pins + 2)]
    await served.post(body(*(span(1, trace=trace_id) for trace_id in many)))
    answers = [await served.client.put(f"{served.query}/v1/traces/{trace_id}/pin") for trace_id in many]
    assert {answer.status_code for answer in answers[:-1]} == {204}
    assert answers[-1].status_code == 409 and "unpin one" in answers[-1].json()["error"]


async def test_an_export_is_one_document_of_all_traces(served: Served) -> None:
    await served.post(body(span(1)))
    await served.post(body(span(2, trace=OTHER)))
    found = await served.json(f"/v1/export?id={TRACE}&id={OTHER}")
    ids = [one["traceId"] for part in found["resourceSpans"] for one in part["scopeSpans"][0]["spans"]]
    assert sorted(ids) == sorted([TRACE, OTHER])
    assert (await served.get("/v1/export")).status_code == 400
    assert (await served.get("/v1/export?id=xyz")).json()["error"].startswith("id=xyz is no trace id")
    assert (await served.get(f"/v1/export?id={TRACE}&id={'0' * 32}")).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:80", "[::1]:16686", "mesh.test:1"])
async def test_names_of_this_machine_and_allowed_ones_are_answered(serve: Serve, host: str) -> None:
    served = await serve(allow_hosts=("mesh.test",))
    assert (await served.client.get(f"{served.query}/v1/status", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test:16686", "localhost.evil.test", "10.0.0.1", ""])
async def test_other_names_are_refused_with_a_sentence(served: Served, host: str) -> None:
    answer = await served.client.get(f"{served.query}/v1/traces", headers={"host": host})
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["error"]
    probed = await served.client.get(f"{served.query}/health", headers={"host": host})
    assert probed.json() == {"status": "ok"}, "a probe learns nothing else"


async def test_a_foreign_page_is_refused(served: Served) -> None:
    for origin in ("http://evil.test", "null", f"http://127.0.0.1:{served.ports.http_port}"):
        answer = await served.client.get(f"{served.query}/v1/traces", headers={"origin": origin})
        assert answer.status_code == 403
    own = await served.client.get(f"{served.query}/v1/traces", headers={"origin": served.query})
    assert own.status_code == 200


async def test_an_unknown_path_and_method_are_refused_with_a_sentence(served: Served) -> None:
    assert (await served.get("/nowhere")).json()["error"]
    refused = await served.client.post(f"{served.query}/v1/traces")
    assert refused.status_code == 405 and refused.json()["error"]


async def test_services_edges_status_and_health_are_answered(served: Served) -> None:
    await served.post(body(span(1, kind=3), service="orders"))
    await served.post(body(span(2, 1), service="users"))
    assert (await served.json("/v1/services"))["services"] == ["orders", "users"]
    edge = (await served.json("/v1/edges"))["edges"][0]
    assert (edge["caller"], edge["target"], edge["calls"], edge["kind"]) == ("orders", "users", 1, "call")
    assert (await served.get("/v1/edges?window_s=-1")).status_code == 400
    status = await served.json("/v1/status")
    assert (status["traces"], status["spans"], status["received"], status["forward"]) == (1, 2, 2, None)
    assert status["started_ns"] > 0 and status["limits"]
    assert await served.json("/health") == {"status": "ok"}


async def asked(served: Served, **parameters: object) -> tuple[int, str, str]:
    """The status, whether it has settled, and what it waits for."""
    answer = await served.get(f"/v1/traces/{TRACE}", **parameters)
    headers = answer.headers
    waits_for = urllib.parse.unquote(headers.get("x-trace-waits-for", ""))
    return answer.status_code, headers.get("x-trace-settled", ""), waits_for


async def test_a_trace_says_whether_it_has_settled(served: Served) -> None:
    assert await asked(served, settle_ms=1) == (404, "", "")
    await served.post(body(span(2, 1)))
    status, settled, waits_for = await asked(served, settle_ms=1, quiet_ms=0)
    assert (status, settled) == (200, "false") and waits_for.startswith("the root has not ended")
    await served.post(body(span(1)))
    assert await asked(served, quiet_ms=60_000) == (200, "false", "")
    assert await asked(served, settle_ms=60_000, quiet_ms=1) == (200, "true", "")
    assert await asked(served, quiet_ms=0) == (200, "true", "")


async def test_who_asks_stands_for_the_root(served: Served) -> None:
    ours = f"{1:016x}"
    await served.post(body(span(1, 99)))
    status, settled, waits_for = await asked(served, settle_ms=1, quiet_ms=0, root=ours)
    assert (status, settled) == (200, "false") and waits_for.startswith("nothing has come of")
    await served.post(body(span(2, 1)))
    assert await asked(served, settle_ms=60_000, quiet_ms=0, root=ours) == (200, "true", "")


@pytest.mark.parametrize("words", ["root=xyz", "settle_ms=9999999", "quiet_ms=-1"])
async def test_a_wrong_way_to_wait_is_a_400_that_names_it(served: Served, words: str) -> None:
    answer = await served.get(f"/v1/traces/{TRACE}?{words}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(words.partition("=")[0])


async def test_no_more_than_so_many_wait_at_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "MAX_WAITERS", 0)
    refused = await served.get(f"/v1/traces/{TRACE}", settle_ms=60_000)
    assert refused.status_code == 503 and "too many" in refused.json()["error"]
    assert (await served.get(f"/v1/traces/{TRACE}")).status_code == 404, "who does not wait needs no place"


async def test_the_stream_begins_with_the_status_and_then_tells_what_changes(served: Served) -> None:
    async with aclosing(CollectorFeed(served.address).changes()) as feed:  # type: ignore[type-var]
        first = await anext(feed)
        assert (first.changed, first.removed, first.reset, first.status.received) == ((), (), False, 0)
        await served.post(body(span(1)))
        second = await anext(feed)
        assert [summary.trace_id for summary in second.changed] == [TRACE]
        assert second.status.received == 1
        await served.client.put(f"{served.query}/v1/traces/{TRACE}/pin")
        assert (await anext(feed)).changed[0].pinned


async def test_too_many_changes_for_one_message_are_a_reset(served: Served) -> None:
    async with aclosing(CollectorFeed(served.address).changes()) as feed:  # type: ignore[type-var]
        await anext(feed)
        await served.post(body(*(span(1, trace=f"{number:032x}") for number in range(1, 700))))
        told = await anext(feed)
        assert (told.reset, told.changed, told.status.received) == (True, (), 699)


async def test_the_line_of_a_stream_is_the_documented_json(served: Served) -> None:
    async with served.client.stream("GET", f"{served.query}/v1/changes") as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        line = await anext(answer.aiter_lines())
        assert set(json.loads(line)) == {"changed", "removed", "status", "reset"}
