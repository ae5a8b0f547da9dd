"""Reading HTTP/1.1: as ``http.client`` reads it, however it is cut, and what is refused."""

from __future__ import annotations

import http.client
import io
import queue
import socket
import threading
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from meshctl.adapters.http1 import (
    AnswerParser,
    ConnectionClosed,
    NotHttp,
    TooLarge,
    quoted,
    request_head,
    split_address,
)
from meshctl.adapters.http_connection import Connection, reason_of
from tests.adapters.http_double import refused, saying, serving

MAX = 1024

WELL_FORMED = {
    "counted": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
    "until closed": b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello\r\n\r\nworld",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\n",
    "trailers": b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    "no reason": b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
    "bare newlines": b"HTTP/1.1 200 OK\nContent-Length: 2\nX: y\n\nok",
    "latin-1": b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n",
}


def reference(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    class Lent:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(answer)

    response = http.client.HTTPResponse(Lent())  # type: ignore[arg-type]
    response.begin()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@pytest.mark.parametrize("answer", WELL_FORMED.values(), ids=WELL_FORMED)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_is_read_as_http_client_reads_it(answer: bytes, size: int) -> None:
    parser = AnswerParser(max_body=MAX)
    pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
    if not any(parser.feed(piece) for piece in pieces):
        assert parser.feed(b"")
    assert (parser.status, parser.headers, bytes(parser.body)) == reference(answer)


def parsed(answer: bytes, method: str = "GET") -> AnswerParser:
    parser = AnswerParser(method, MAX)
    parser.feed(answer)
    return parser


def test_every_interim_answer_is_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    parser = parsed(hints + hints + WELL_FORMED["counted"])
    assert (parser.status, "link" in parser.headers, bytes(parser.body)) == (200, False, b"hello")
    assert parsed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\n\r\n").status == 101


def test_an_answer_to_head_has_no_body() -> None:
    assert parsed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").done


def test_repeated_and_folded_headers_are_joined() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-B: one\r\n  two\r\nno field\r\nContent-Length: 0\r\n\r\n"
    assert parsed(head).headers == {"x-a": "1, 2", "x-b": "one two", "content-length": "0"}


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", False),
    ],
)
def test_a_connection_is_kept_while_the_answer_lets_it(head: bytes, keeps: bool) -> None:
    parser = parsed(head)
    assert (parser.done, parser.keeps) == (True, keeps)


@pytest.mark.parametrize(
    "answer",
    [
        b"+OK redis\r\n",
        b"\x00\x00\x12\x04",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000,
    ],
)
def test_what_is_no_http_is_refused_at_once(answer: bytes) -> None:
    with pytest.raises(NotHttp):
        parsed(answer)


@pytest.mark.parametrize(
    ("answer", "begun"),
    [(b"", False), (b"HTTP/1.1 200", True), (WELL_FORMED["counted"][:-1], True), (WELL_FORMED["chunked"][:-2], True)],
)
def test_an_end_before_the_end_is_told(answer: bytes, begun: bool) -> None:
    parser = AnswerParser(max_body=MAX)
    if answer:
        parser.feed(answer)
    with pytest.raises(ConnectionClosed) as caught:
        parser.feed(b"")
    assert caught.value.begun is begun


def test_a_body_beyond_the_bound_is_refused_and_its_beginning_kept() -> None:
    parser = AnswerParser(max_body=3)
    with pytest.raises(TooLarge, match="more than 3 bytes"):
        parser.feed(WELL_FORMED["counted"])
    assert bytes(parser.body) == b"hel"
    assert str(TooLarge(8 << 20)) == "more than 8 MiB"


@pytest.mark.parametrize(
    ("method", "target", "fields"),
    [
        ("GE T", "/", []),
        ("", "/", []),
        ("GET", "/a b", []),
        ("GET", "", []),
        ("GET", "/", [("X Y", "1")]),
        ("GET", "/", [("X", "1\r\nY: 2")]),
    ],
)
def test_what_http_cannot_carry_is_not_sent(method: str, target: str, fields: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError):
        request_head(method, target, fields)


def test_a_typed_path_is_quoted_where_it_must_be() -> None:
    assert quoted("/items/café au lait?q=%20&x=[1]") == "/items/caf%C3%A9%20au%20lait?q=%20&x=[1]"


def test_an_address_is_host_and_port() -> None:
    assert split_address("[::1]:80") == ("::1", 80)
    for wrong in ("", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1"):
        with pytest.raises(ValueError, match="names no port"):
            split_address(wrong)


class Conversation:
    """Answers each request on one connection with the next of ``answers``, then closes it."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers
        self.heads: list[bytes] = []
        self.connections = 0

    def __call__(self, head: bytes, peer: socket.socket) -> None:
        self.connections += 1
        for answer in self.answers:
            self.heads.append(head)
            peer.sendall(answer)
            head = peer.recv(65536)


def ask(connection: Connection, **more: Any) -> bytes:
    return connection.exchange("GET", "/", max_body=MAX, **more).body


def test_a_connection_is_kept_between_exchanges_and_renewed_after() -> None:
    peer = Conversation(WELL_FORMED["counted"], WELL_FORMED["chunked"])
    with serving(peer) as address:
        connection = Connection(address, 5)
        assert (ask(connection), ask(connection)) == (b"hello", b"hello0123456789")
        assert (peer.connections, connection.is_open) == (1, True)
        with pytest.raises(ConnectionClosed) as caught:
            ask(connection)
        assert (caught.value.begun, connection.is_open) == (False, False)
        assert ask(connection, fields=[("host", "shop")], body=b"x") == b"hello"
        connection.close()
    assert f"Host: {address}".encode() in peer.heads[0]
    assert b"Host:" not in peer.heads[2] and b"\r\nhost: shop\r\nContent-Length: 1\r\n\r\n" in peer.heads[2]


def test_a_stream_gives_what_has_come() -> None:
    more = threading.Event()

    def speak(_: bytes, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        more.wait(5)
        peer.sendall(b"1\r\nc\r\n0\r\n\r\n")

    with serving(speak) as address:
        connection = Connection(address, 5)
        pieces = connection.stream("GET", "/", max_body=2)
        seen = b""
        while seen != b"ab":
            seen += next(pieces).body
        more.set()
        assert b"".join(piece.body for piece in pieces) == b"c"
        assert connection.is_open
        pieces = connection.stream("GET", "/", max_body=2)
        with pytest.raises(ConnectionClosed):
            next(pieces)


def test_a_stream_that_is_not_read_to_its_end_closes_the_connection() -> None:
    def flood(_: bytes, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"x" * 1000)

    with serving(flood) as address:
        connection = Connection(address, 5)
        pieces = connection.stream("GET", "/", max_body=1 << 20)
        assert next(pieces).status == 200
        pieces.close()  # type: ignore[attr-defined]
        assert not connection.is_open


def test_why_a_request_was_cut_off_is_read_all_the_same() -> None:
    class Broken(Connection):
        """What is sent never arrives, as after a reset."""

        def _ready(self, timeout_s: float | None = None) -> Any:
            return SimpleNamespace(sendall=Mock(side_effect=BrokenPipeError), recv=super()._ready().recv)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Broken(f"127.0.0.1:{listener.getsockname()[1]}", 5)
        connection.connect()
        with listener.accept()[0] as peer:
            peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
            answer = connection.exchange("POST", "/", body=b"x", max_body=MAX)
    assert (answer.status, answer.body, connection.is_open) == (413, b"big", False)


def test_an_abort_ends_what_is_under_way_and_what_comes_later() -> None:
    asked = threading.Event()

    def wait(_: bytes, peer: socket.socket) -> None:
        asked.set()
        peer.recv(1)

    with serving(wait) as address:
        connection = Connection(address, 20)

        def abort() -> None:
            asked.wait(20)
            connection.abort()

        threading.Thread(target=abort).start()
        for _ in range(2):
            with pytest.raises(ConnectionError):
                ask(connection)


def test_the_deadline_is_for_all_exchanges_together() -> None:
    with serving(Conversation(WELL_FORMED["counted"])) as address:
        connection = Connection(address, 0.0)
        with pytest.raises(TimeoutError) as caught:
            ask(connection)
        assert reason_of(caught.value, "a peer") == "no answer in time"
        connection.allow(5)
        assert ask(connection) == b"hello"
        connection.close()


def test_who_was_reached_in_the_last_moment_is_told_all_the_same() -> None:
    heard: queue.Queue[bytes] = queue.Queue()
    with serving(lambda request, peer: heard.put(request)) as address:
        connection = Connection(address, 5)
        connection.connect()
        connection.allow(0.0)
        with pytest.raises(TimeoutError):
            connection.exchange("POST", "/", body=b"a span", max_body=MAX)
        assert heard.get(timeout=5).startswith(b"POST / ")
        connection.allow(5)
        connection.connect()
        connection.allow(0.0)
        with pytest.raises(TimeoutError):  # more than leaves at once
            connection.exchange("POST", "/", body=bytes(16 << 20), max_body=MAX)


def test_failures_have_words() -> None:
    with pytest.raises(OSError) as caught:
        ask(Connection(refused(), 5))
    assert reason_of(caught.value, "a peer") == "connection refused"
    with serving(saying(b"SSH-2.0\r\n")) as address, pytest.raises(NotHttp) as other:
        ask(Connection(address, 5))
    assert reason_of(other.value, "a peer") == "not the answer of a peer (NotHttp)"
    assert reason_of(TooLarge(5), "a peer") == "an answer of more than 5 bytes"
    with pytest.raises(OSError, match="no host's name"):
        ask(Connection(f"{'x' * 70}.test:80", 5))
