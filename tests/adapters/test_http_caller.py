"""One HTTP request to one instance: what goes out, what comes back, and how it fails."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from meshctl.adapters.http import HttpCaller
from meshctl.errors import CallError, CallTimeout, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.threads import run_in_thread
from tests.adapters.http_double import Answer, hanging, json_answer, refused, saying, serving


def send(answer: Answer, request: CallRequest, max_body: int = 1024) -> CallReply:
    with serving(answer) as address:
        return HttpCaller(max_body).send(Endpoint("orders", "orders-1", address), request)


def get(path: str = "/", **changes: object) -> CallRequest:
    return CallRequest("orders", "GET", path, **changes)  # type: ignore[arg-type]


class Listener:
    """Answers 200 and keeps what it was sent."""

    def __init__(self) -> None:
        self.heard = b""

    def __call__(self, head: bytes, peer: socket.socket) -> None:
        self.heard += head
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    @property
    def lines(self) -> list[str]:
        return self.heard.decode().split("\r\n")


def test_json_is_parsed_and_headers_are_in_lower_case() -> None:
    began = time.time_ns()
    reply = send(json_answer("201 Created", b'{"id": 7}'), get())
    assert (reply.status, reply.ok, reply.protocol, reply.instance) == (201, True, "http", "orders-1")
    assert reply.body == {"id": 7}
    assert reply.headers["content-type"] == "application/json"
    assert reply.elapsed_ms > 0
    assert began <= reply.began_ns <= time.time_ns()


def test_text_is_text_and_broken_json_too() -> None:
    text = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin-1\r\n\r\ncaf\xe9"
    assert send(saying(text), get()).body == "café"
    assert send(json_answer("200 OK", b"{nope"), get()).body == "{nope"
    assert send(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), get()).body is None


def test_a_bad_status_is_a_reply() -> None:
    reply = send(json_answer("404 Not Found", b'{"detail": "no"}'), get())
    assert (reply.status, reply.ok, reply.body) == (404, False, {"detail": "no"})


def test_redirects_are_answers() -> None:
    reply = send(saying(b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), get())
    assert (reply.status, reply.headers["location"]) == (307, "http://127.0.0.1:1/")


def test_headers_repeat_and_the_callers_replace_the_defaults() -> None:
    listener = Listener()
    headers = (("X-A", "1"), ("X-A", "2"), ("Host", "shop.test"), ("content-type", "text/csv"))
    send(listener, CallRequest("orders", "post", "/", body=b"a,b", headers=headers))
    names = [line.partition(":")[0].lower() for line in listener.lines]
    assert listener.lines[0] == "POST / HTTP/1.1"
    assert [line for line in listener.lines if line.startswith("X-A")] == ["X-A: 1", "X-A: 2"]
    assert "Host: shop.test" in listener.lines
    assert names.count("host") == names.count("content-type") == 1
    assert "Content-Length: 3" in listener.lines


def test_a_body_is_json_unless_said_otherwise() -> None:
    listener = Listener()
    send(listener, CallRequest("orders", "POST", "/orders/", body=b"{}"))
    assert "Content-Type: application/json" in listener.lines


def test_a_path_is_percent_encoded_where_it_must_be() -> None:
    listener = Listener()
    send(listener, get("/items/café au lait?q=%20&x=[1]"))
    assert listener.lines[0] == "GET /items/caf%C3%A9%20au%20lait?q=%20&x=[1] HTTP/1.1"


@pytest.mark.parametrize(
    "request_",
    [
        CallRequest("orders", "GET", "/", headers=(("X-A", "1\r\nX-B: 2"),)),
        CallRequest("orders", "GET", "/", headers=(("X-Ä", "1"),)),
        CallRequest("orders", "GE T\r\n", "/"),
    ],
)
def test_what_http_cannot_carry_is_wrong_usage(request_: CallRequest) -> None:
    with pytest.raises(UsageError, match="HTTP cannot carry this"):
        send(Listener(), request_)


def test_a_refused_connection_says_where() -> None:
    address = refused()
    with pytest.raises(CallError, match=f"orders-1 refuses connections at {address}") as caught:
        HttpCaller().send(Endpoint("orders", "orders-1", address), get())
    assert caught.value.hint == "See meshctl logs orders."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection without an answer"),
        (b"\x00\x01 garbage\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "in the middle of its answer"),
    ],
)
def test_broken_answers_are_told_in_words(answer: bytes, words: str) -> None:
    with pytest.raises(CallError, match=words):
        send(saying(answer), get())


@pytest.mark.parametrize("length", [b"Content-Length: 2000\r\n", b""])
def test_an_answer_over_the_bound_is_refused(length: bytes) -> None:
    with pytest.raises(CallError, match="more than 1024 bytes"):
        send(saying(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * 2000), get())


def test_a_silent_server_ends_in_a_timeout() -> None:
    with pytest.raises(CallTimeout, match=r"did not answer within 0\.05 s"):
        send(hanging, get(timeout_s=0.05))


def test_the_deadline_is_for_the_whole_answer_however_it_drips() -> None:
    def drip(_: bytes, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        stopped = threading.Event()
        while not stopped.wait(0.01):
            peer.sendall(b"x")

    with pytest.raises(CallTimeout):
        send(drip, get(timeout_s=0.1), max_body=200_000)


async def test_cancelling_closes_the_connection() -> None:
    reached, closed = threading.Event(), threading.Event()

    def wait(head: bytes, peer: socket.socket) -> None:
        reached.set()
        hanging(head, peer)
        closed.set()

    with serving(wait) as address:
        caller = HttpCaller()
        endpoint = Endpoint("orders", "orders-1", address)
        task = asyncio.create_task(run_in_thread(lambda: caller.send(endpoint, get()), caller.abort))
        assert await asyncio.to_thread(reached.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(closed.wait, 5)
