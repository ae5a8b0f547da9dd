"""One unary gRPC request by server reflection, against a server in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from meshctl.adapters.grpc.caller import GrpcCaller
from meshctl.errors import CallError, CallTimeout, UsageError
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.threads import run_in_thread
from tests.adapters import http_double
from tests.adapters.grpc_double import Greeter, PartialReflection, serving


@pytest.fixture
def greeter() -> Greeter:
    return Greeter()


@pytest.fixture
def address(greeter: Greeter) -> Iterator[str]:
    with serving(greeter.handlers(), reflect=greeter.pool) as address:
        yield address


def send(address: str, target: str = "shop.v1.Greeter/Greet", **changes: object) -> CallReply:
    request = CallRequest("greeter", "", target, **changes)  # type: ignore[arg-type]
    return GrpcCaller().send(Endpoint("greeter", "greeter-1", address), request)


def test_json_goes_in_and_comes_out_with_the_fields_own_names(address: str) -> None:
    began = time.time_ns()
    reply = send(address, body=b'{"user_name": "Ada"}')
    assert (reply.status, reply.ok, reply.protocol, reply.instance) == ("OK", True, "grpc", "greeter-1")
    assert reply.body == {"text": "hello Ada", "times_seen": 0, "tags": [], "at": "1970-01-01T00:00:00Z"}
    assert reply.elapsed_ms > 0
    assert began <= reply.began_ns <= time.time_ns()


def test_no_body_is_an_empty_message(address: str) -> None:
    assert send(address).body["text"] == "hello "


def test_metadata_goes_both_ways(address: str, greeter: Greeter) -> None:
    reply = send(address, headers=(("X-User", "7"), ("x-key-bin", "AP8=")))
    assert greeter.metadata["x-user"] == "7"
    assert greeter.metadata["x-key-bin"] == b"\x00\xff"
    assert reply.headers == {"x-served-by": "greeter", "x-raw-bin": "AP8="}


def test_a_status_other_than_ok_is_a_reply(address: str) -> None:
    reply = send(address, "shop.v1.Greeter/Deny")
    assert (reply.status, reply.ok) == ("NOT_FOUND", False)
    assert reply.body == {"code": "NOT_FOUND", "message": "nobody of that name"}


def test_a_server_that_sends_files_one_by_one_in_v1_is_understood(greeter: Greeter) -> None:
    with serving(greeter.handlers(), PartialReflection(greeter.pool)) as address:
        assert send(address).body["at"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("target", "words", "hint"),
    [
        ("shop.v1.Greeterr/Greet", "no gRPC service 'shop.v1.Greeterr'", "Did you mean shop.v1.Greeter?"),
        ("Greeter/Greet", "no gRPC service 'Greeter'", "Did you mean shop.v1.Greeter?"),
        ("shop.v1.Greeter/Gret", "no method 'Gret' of shop.v1.Greeter", "Did you mean Greet?"),
        ("shop.v1.Greeter/", "shop.v1.Greeter needs a method", "Methods: Chat, Deny, Garble, Greet, Sleep."),
        ("shop.v1.Greeter", "shop.v1.Greeter needs a method", "Methods: Chat"),
        (
            "shop.v1.GreetRequest/Greet",
            "no gRPC service 'shop.v1.GreetRequest'",
            "Did you mean shop.v1.Greeter?",
        ),
        ("shop.v1.Greeter/Chat", "Chat streams, and streaming is not supported yet", "Unary methods: Greet,"),
    ],
)
def test_what_cannot_be_called_is_named_with_what_can(address: str, target: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        send(address, target)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("body", "words", "hint"),
    [
        (
            b"{nope",
            "the body is not JSON",
            "shop.v1.GreetRequest has user_name (string), tags (repeated string).",
        ),
        (b'{"user_nam": 1}', "shop.v1.GreetRequest has no field 'user_nam'", "Did you mean user_name?"),
        (b'{"user_name": 1}', "does not fit shop.v1.GreetRequest: .*user_name", "user_name (string)"),
        (b"[]", "not a JSON object", "user_name (string)"),
        (b"7", "does not fit shop.v1.GreetRequest", "user_name (string)"),
        (b"\xff", "not UTF-8", "JSON"),
    ],
)
def test_a_body_that_does_not_fit_names_the_field(address: str, body: bytes, words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        send(address, body=body)
    assert hint in caught.value.hint


@pytest.mark.parametrize("headers", [(("x-key-bin", "%%"),), (("bad name", "1"),), (("x", "ä"),)])
def test_headers_that_do_not_fit_are_wrong_usage(address: str, headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(UsageError, match="header"):
        send(address, headers=headers)


def test_no_answer_in_time_is_a_timeout(address: str) -> None:
    with pytest.raises(CallTimeout, match=r"greeter-1 did not answer within 0\.2 s"):
        send(address, "shop.v1.Greeter/Sleep", timeout_s=0.2)


def test_an_unreadable_answer_is_named(address: str) -> None:
    with pytest.raises(CallError, match=r"not a readable shop\.v1\.GreetReply"):
        send(address, "shop.v1.Greeter/Garble")


def test_a_server_without_reflection_is_named(greeter: Greeter) -> None:
    with (
        serving(greeter.handlers()) as address,
        pytest.raises(CallError, match="does not offer gRPC server reflection"),
    ):
        send(address)


def test_a_refused_connection_is_named() -> None:
    with pytest.raises(CallError, match="greeter-1 refuses connections"):
        send(http_double.refused())


def test_a_port_that_speaks_http_is_named() -> None:
    answer = http_double.saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    with http_double.serving(answer) as address, pytest.raises(CallError, match="does not answer in gRPC"):
        send(address)


def test_a_port_that_says_nothing_is_a_timeout() -> None:
    with http_double.serving(http_double.hanging) as address, pytest.raises(CallTimeout):
        send(address, timeout_s=0.1)


async def test_cancelling_cancels_the_call_on_the_server(address: str, greeter: Greeter) -> None:
    request = CallRequest("greeter", "", "shop.v1.Greeter/Sleep")
    caller, endpoint = GrpcCaller(), Endpoint("greeter", "greeter-1", address)
    task = asyncio.create_task(run_in_thread(lambda: caller.send(endpoint, request), caller.abort))
    assert await asyncio.to_thread(greeter.asleep.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(greeter.woken.wait, 5)
