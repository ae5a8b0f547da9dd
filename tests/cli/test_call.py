"""``call`` on a fake world: which instance, what is printed where, exit codes."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from meshctl.cli.main import main
from meshctl.errors import CallError, CallTimeout
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from tests.cli.conftest import Open, Run
from tests.cli.worlds import FakeWorld, greet, header


@pytest.fixture
def up(run: Run, world: Open) -> FakeWorld:
    """The project is up with two instances of ``web``."""
    made = world()
    assert run("up", "--scale", "web=2").code == 0
    return made


def test_the_body_is_on_stdout_and_the_status_on_stderr(run: Run, up: FakeWorld) -> None:
    answer = run("call", "web", "GET", "/", "--instance", "web-2")
    assert (answer.code, json.loads(answer.out)) == (0, {"hello": "web-2"})
    assert answer.err == "200 OK · web-2 · 2 ms\n"


@pytest.mark.parametrize(("which", "ends"), [("web-1", b""), ("all", b"\n")])
def test_a_pipe_gets_the_bytes_of_the_body_and_each_of_many_ends_a_line(up: FakeWorld, which: str, ends: bytes) -> None:
    content, taken = b'{"a":1}\x00\xff\x1b[2J', BytesIO()
    up.answer = lambda e, r: replace(greet(e, r), content=content)
    with redirect_stdout(TextIOWrapper(taken, encoding="utf-8")):
        assert main(["call", "web", "GET", "/", "--instance", which], world=up) == 0
        assert taken.getvalue() == (content + ends) * (2 if which == "all" else 1)


def test_as_json_it_is_the_documented_answer(run: Run, up: FakeWorld) -> None:
    answer = json.loads(run("call", "web", "GET", "/", "--instance", "web-1", "--json").out)
    assert answer == {
        "service": "web",
        "instance": "web-1",
        "protocol": "http",
        "status": 200,
        "elapsed_ms": 1.5,
        "headers": {"x-a": "b"},
        "body": {"hello": "web-1"},
        "trace_id": header(up.sent[0][1]).split("-")[1],
        "trace": None,
    }


def test_what_is_sent_is_what_was_written(run: Run, up: FakeWorld) -> None:
    words = ("-d", '{"a": 1}', "-H", "X-Who: me:you", "--timeout", "500ms")
    run("call", "web", "post", "/x?y=1", *words, "--instance", "web-1")
    ((instance, request),) = up.sent
    ours = ("traceparent", header(request))
    wanted = CallRequest("web", "POST", "/x?y=1", b'{"a": 1}', (("X-Who", "me:you"), ours), 0.5, "web-1")
    assert (instance, request) == ("web-1", wanted)


def test_the_body_comes_from_a_file_or_from_standard_input(
    run: Run, up: FakeWorld, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "body.json").write_text("[1]")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"[2]")))
    run("call", "web", "POST", "/", "-d", "@body.json")
    run("call", "web", "POST", "/", "-d", "-")
    assert [request.body for _, request in up.sent] == [b"[1]", b"[2]"]


def test_a_bad_status_exits_1_and_its_body_is_still_the_answer(run: Run, up: FakeWorld) -> None:
    up.answer = lambda e, r: CallReply(e.service, e.instance, "http", 404, False, 3.0, body={"detail": "no"})
    answer = run("call", "web", "GET", "/")
    assert (answer.code, json.loads(answer.out)) == (1, {"detail": "no"})
    assert answer.err.startswith("404 Not Found · web-")


def test_all_asks_every_instance_and_sums_up(run: Run, up: FakeWorld) -> None:
    answer = run("call", "web", "GET", "/", "--instance", "all")
    assert [instance for instance, _ in up.sent] == ["web-1", "web-2"]
    assert answer.err.splitlines()[-1] == "2 calls, 0 failed: web-1 1, web-2 1"


def test_repeat_gives_a_list(run: Run, up: FakeWorld) -> None:
    assert len(json.loads(run("call", "web", "GET", "/", "--repeat", "3", "--json").out)) == 3


def half_dead(endpoint: Endpoint, request: CallRequest) -> CallReply:
    if endpoint.instance == "web-1":
        raise CallError("web-1 closed the connection")
    return greet(endpoint, request)


def test_one_instance_that_does_not_answer_does_not_end_the_series(run: Run, up: FakeWorld) -> None:
    up.answer = half_dead
    answer = run("call", "web", "GET", "/", "--instance", "all", "--json")
    first, second = json.loads(answer.out)
    assert answer.code == 1
    assert (first["status"], first["body"], second["status"]) == ("no answer", "web-1 closed the connection", 200)
    shown = run("call", "web", "GET", "/", "--instance", "all")
    assert json.loads(shown.out) == {"hello": "web-2"}
    assert shown.err.splitlines()[-1] == "2 calls, 1 failed: web-1 1, web-2 1"


def test_a_single_call_without_an_answer_says_so(run: Run, up: FakeWorld) -> None:
    up.answer = half_dead
    answer = run("call", "web", "GET", "/", "--instance", "web-1")
    assert (answer.code, answer.out) == (1, "")
    assert "web-1 closed the connection" in answer.err


def test_a_timeout_exits_4(run: Run, up: FakeWorld) -> None:
    def never(endpoint: Endpoint, request: CallRequest) -> CallReply:
        raise CallTimeout("web-1 did not answer within 10 s")

    up.answer = never
    assert run("call", "web", "GET", "/").code == 4


@pytest.mark.parametrize(("words", "near"), [(("wbe",), "web"), (("web", "--instance", "web-3"), "web-1 or web-2")])
def test_unknown_names_exit_2_and_name_the_known(run: Run, up: FakeWorld, words: tuple[str, ...], near: str) -> None:
    answer = run("call", words[0], "GET", "/", *words[1:])
    assert answer.code == 2
    assert near in answer.err.split("hint:")[1]


def test_quiet_leaves_only_the_body(run: Run, up: FakeWorld) -> None:
    assert run("call", "web", "GET", "/", "-q").err == ""
