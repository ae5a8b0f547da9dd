"""The reader, the feed and the sender against a collector's answers, right and wrong ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from meshctl.adapters.collector.feed import CollectorFeed
from meshctl.adapters.collector.forms import changes_data, changes_of, data_of, edge_of, status_of, summary_of
from meshctl.adapters.collector.reader import CollectorReader, parameters
from meshctl.adapters.collector.sender import PIECE_BYTES, CollectorSender
from meshctl.errors import CollectorUnavailable, MeshError, UsageError
from meshctl.model.traces import CollectorStatus, ServiceEdge, TraceChanges, TraceQuery
from tests.spans import TRACE, summary


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()


class Peer:
    """A server whose answers the test chooses; remembers what it was asked, and on which connection."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.connections: set[Any] = set()
        self.reply: Callable[[str], Reply] = lambda path: Reply()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                peer.asked.append((self.command, self.path, body))
                peer.connections.add(self.client_address)
                reply = peer.reply(self.path)
                self.send_response(reply.status)
                self.send_header("content-length", str(len(reply.body)))
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_PUT = do_DELETE = do_POST = answer

            def log_message(self, *words: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that hangs up is what some tests are about.
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def reader(peer: Peer) -> Iterator[CollectorReader]:
    made = CollectorReader(peer.address, timeout_s=2.0)
    yield made
    made.close()


def test_what_is_written_as_json_is_read_as_it_was() -> None:
    one = summary(3, pinned=True, truncated=2, errors=1)
    edge = ServiceEdge("orders", "users", 3, 1, 0.5, 1 / 3, 1, 2, 3, "message")
    status = CollectorStatus(1, 2, 3, 4, 5, 6, {"limit": 1}, {"bytes": 2}, {"max_bytes": 3})
    assert summary_of(json.loads(json.dumps(data_of(one)))) == one
    assert edge_of(json.loads(json.dumps(data_of(edge)))) == edge
    assert status_of({**json.loads(json.dumps(data_of(status))), "forward": None}) == status
    told = TraceChanges((one,), ("a",), status, True)
    assert changes_of(json.loads(json.dumps(changes_data(told)))) == told


def test_a_query_becomes_the_words_of_a_url() -> None:
    query = TraceQuery(
        "orders", "GET /", 1_500_000, 2_000_000_000, True, (("a", "b=c"), ("d", "e")), 5, 6, "text", limit=7
    )
    assert parameters(query) == [
        ("limit", "7"),
        ("service", "orders"),
        ("operation", "GET /"),
        ("text", "text"),
        ("min_duration_ms", "1.5"),
        ("max_duration_ms", "2000.0"),
        ("since_ns", "5"),
        ("until_ns", "6"),
        ("error", "true"),
        ("attribute", "a=b=c"),
        ("attribute", "d=e"),
    ]
    assert parameters(TraceQuery()) == [("limit", "20")]


def test_one_connection_serves_many_questions_and_a_closed_one_is_replaced(peer: Peer, reader: CollectorReader) -> None:
    peer.reply = lambda path: Reply(body=b'{"services": ["orders"]}')
    for _ in range(3):
        assert reader.services() == ("orders",)
    assert len(peer.connections) == 1
    peer.reply = lambda path: Reply(body=b'{"services": ["users"]}', headers=(("connection", "close"),))
    assert reader.services() == reader.services() == ("users",)
    assert len(peer.connections) == 2


def test_a_collector_that_was_restarted_is_asked_again(peer: Peer, reader: CollectorReader) -> None:
    peer.reply = lambda path: Reply(body=b'{"services": []}')
    reader.services()
    for connection in reader._exchange._kept:
        connection.abort()
        connection.aborted = False
    assert reader.services() == ()


def test_headers_say_what_is_known_about_a_trace(peer: Peer, reader: CollectorReader) -> None:
    headers = (
        ("x-trace-id", TRACE),
        ("x-trace-settled", "false"),
        ("x-trace-waits-for", "the%20root%20%E2%86%92"),
        ("x-trace-truncated", "3"),
        ("x-trace-pinned", "true"),
    )
    peer.reply = lambda path: Reply(body=b"", headers=headers)
    found = reader.trace("4bf9", settle_s=0.5, quiet_s=0.2)
    assert found is not None
    assert (found.trace_id, found.settled, found.waits_for) == (TRACE, False, "the root →")
    assert (found.truncated, found.pinned, found.spans) == (3, True, ())
    assert peer.asked[0][1] == "/v1/traces/4bf9?settle_ms=500&quiet_ms=200"


def test_what_is_not_known_is_none_and_false(peer: Peer, reader: CollectorReader) -> None:
    peer.reply = lambda path: Reply(404, b'{"error": "nothing is known"}')
    assert reader.trace(TRACE) is None
    assert reader.pin(TRACE, True) is False
    with pytest.raises(UsageError, match="nothing is known"):
        reader.export([TRACE])


def test_an_ambiguous_id_is_said_in_the_collectors_words(peer: Peer, reader: CollectorReader) -> None:
    peer.reply = lambda path: Reply(409, b'{"error": "several traces begin with 4bf9"}')
    with pytest.raises(UsageError, match="several"):
        reader.trace("4bf9")


@pytest.mark.parametrize(
    "reply", [Reply(200, b"<html>"), Reply(200, b"[]"), Reply(200, b'{"traces": [{"a": 1}]}'), Reply(503), Reply(301)]
)
def test_another_server_on_the_port_is_no_collector(peer: Peer, reader: CollectorReader, reply: Reply) -> None:
    peer.reply = lambda path: reply
    with pytest.raises(CollectorUnavailable, match="does not answer"):
        reader.traces(TraceQuery())


def test_nobody_on_the_port_is_said_with_a_hint() -> None:
    reader = CollectorReader("127.0.0.1:1")
    with pytest.raises(CollectorUnavailable, match=r"127\.0\.0\.1:1 does not answer") as caught:
        reader.status()
    assert "meshctl ps" in caught.value.hint and "meshctl up" in caught.value.hint


def test_a_collector_that_says_nothing_is_waited_for_no_longer_than_was_asked(peer: Peer) -> None:
    gate = threading.Event()
    peer.reply = lambda path: Reply(200 if gate.wait(10) else 500)
    reader = CollectorReader(peer.address, timeout_s=0.2)
    with pytest.raises(CollectorUnavailable, match="in time"):
        reader.status()
    gate.set()


def test_an_abort_ends_what_is_under_way(peer: Peer) -> None:
    gate = threading.Event()
    peer.reply = lambda path: Reply(200 if gate.wait(10) else 500)
    reader = CollectorReader(peer.address, timeout_s=30.0)
    timer = threading.Timer(0.2, reader.abort)
    timer.start()
    with pytest.raises(CollectorUnavailable):
        reader.status()
    gate.set()
    timer.join()


def test_a_document_is_sent_as_it_is_and_counted(peer: Peer) -> None:
    peer.reply = lambda path: Reply(body=b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "ids"}}')
    sender = CollectorSender(peer.address)
    document = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}, {}]}, {"spans": [{}]}]}]}'
    assert sender.send_raw(document) == 2
    assert peer.asked == [("POST", "/v1/traces", document)]
    sender.close()


def test_a_large_document_is_sent_in_pieces(peer: Peer) -> None:
    spans = [{"spanId": f"{number:016x}", "name": "x" * 2000} for number in range(2500)]
    document = {"resourceSpans": [{"schemaUrl": "s", "scopeSpans": [{"scope": {"name": "n"}, "spans": spans}]}]}
    body = json.dumps(document).encode()
    assert len(body) > PIECE_BYTES
    sender = CollectorSender(peer.address, timeout_s=20)
    assert sender.send_raw(body) == 2500
    pieces = [json.loads(sent)["resourceSpans"][0] for _, _, sent in peer.asked]
    assert len(pieces) == 3 and {piece["schemaUrl"] for piece in pieces} == {"s"}
    assert [one for piece in pieces for one in piece["scopeSpans"][0]["spans"]] == spans
    sender.close()


@pytest.mark.parametrize("body", [b"", b"nothing", b"[]", b"{}", b'{"resourceSpans": {}}', b'{"resourceSpans": [1]}'])
def test_what_is_no_document_is_refused_before_it_is_sent(peer: Peer, body: bytes) -> None:
    with pytest.raises(MeshError, match=r"no .*JSON document"):
        CollectorSender(peer.address).send_raw(body)
    assert peer.asked == []


def test_a_refusal_is_said_in_the_collectors_words(peer: Peer) -> None:
    peer.reply = lambda path: Reply(400, b'{"code": 3, "message": "a name is a number"}')
    sender = CollectorSender(peer.address)
    with pytest.raises(MeshError, match="a name is a number"):
        sender.send_raw(b'{"resourceSpans": []}')
    peer.reply = lambda path: Reply(503, b'{"code": 14, "message": "too much"}')
    with pytest.raises(CollectorUnavailable, match="too much"):
        sender.send_raw(b'{"resourceSpans": []}')
    sender.close()


async def test_a_feed_that_is_lost_says_so(peer: Peer) -> None:
    line = json.dumps(changes_data(TraceChanges())).encode() + b"\n"
    peer.reply = lambda path: Reply(body=line)
    with pytest.raises(CollectorUnavailable, match="ended"):
        assert [told async for told in CollectorFeed(peer.address).changes()] == [TraceChanges()]
    with pytest.raises(CollectorUnavailable, match="does not answer"):
        await anext(CollectorFeed("127.0.0.1:1").changes())


@pytest.mark.parametrize("reply", [Reply(404), Reply(200, b"<html>\n"), Reply(200, b'{"changed": 1}\n')])
async def test_a_feed_of_another_server_is_no_feed(peer: Peer, reply: Reply) -> None:
    peer.reply = lambda path: reply
    with pytest.raises(CollectorUnavailable):
        await anext(CollectorFeed(peer.address).changes())


async def test_a_feed_that_falls_silent_is_lost() -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while await reader.read(1000):
            pass
        writer.close()
        gone.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(CollectorUnavailable, match="in time"):
            await anext(CollectorFeed(address, idle_s=0.2).changes())
        await gone.wait()


def test_reading_a_list_loads_neither_protobuf_nor_httpx_nor_asyncio() -> None:
    program = (
        "import sys; import meshctl.adapters.collector.reader, meshctl.adapters.collector.sender;"
        "print([n for n in ('google.protobuf', 'httpx', 'asyncio', 'grpc', 'opentelemetry') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
