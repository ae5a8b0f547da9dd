"""meshctl's own clients against a running collector."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from meshctl.adapters.collector.reader import CollectorReader
from meshctl.adapters.collector.sender import CollectorSender
from meshctl.errors import UsageError
from meshctl.model.spans import Span
from meshctl.model.traces import TraceQuery
from tests.collector.conftest import HOST, Serve, Served
from tests.spans import TRACE, order


def sender(served: Served) -> CollectorSender:
    return CollectorSender(f"{HOST}:{served.ports.http_port}")


def plain(spans: tuple[Span, ...]) -> list[Span]:
    """In the order of their ids; what names the resource is not compared twice."""
    return sorted((replace(span, resource={}, scope="") for span in spans), key=lambda span: span.span_id)


async def test_what_is_sent_is_read_as_it_was(served: Served) -> None:
    def work() -> None:
        sent = order()
        with_sender, reader = sender(served), CollectorReader(served.address)
        with_sender.send(sent.spans)
        found = reader.trace(TRACE, settle_s=3.0, quiet_s=0.05)
        assert found is not None and found.settled and not found.waits_for
        assert plain(found.spans) == plain(sent.spans)
        assert [row.trace_id for row in reader.traces(TraceQuery(service="worker", min_duration_ns=1))] == [TRACE]
        assert reader.traces(TraceQuery(error=True)) == ()
        assert "inventory" in reader.services()
        assert {(edge.caller, edge.target) for edge in reader.edges(0)} >= {("meshctl", "orders"), ("orders", "users")}
        assert reader.pin(TRACE, True) and reader.traces(TraceQuery())[0].pinned
        assert reader.status().spans == len(sent.spans)
        with_sender.close()
        reader.close()

    await asyncio.to_thread(work)


async def test_an_export_of_one_collector_is_an_import_of_another(serve: Serve) -> None:
    first, second = await serve(), await serve()

    def work() -> None:
        one, two = sender(first), sender(second)
        one.send(order().spans)
        reader, other = CollectorReader(first.address), CollectorReader(second.address)
        document = reader.export([TRACE])
        assert two.send_raw(document) == len(order().spans)
        assert other.export([TRACE]) == document
        for client in (one, two, reader, other):
            client.close()

    await asyncio.to_thread(work)


async def test_an_id_that_is_none_is_a_usage_error(served: Served) -> None:
    def work() -> str:
        reader = CollectorReader(served.address)
        try:
            reader.trace("no id")
        except UsageError as error:
            return str(error)
        finally:
            reader.close()
        return ""

    assert "no trace id" in await asyncio.to_thread(work)
