"""Which lines of a log tell what went wrong."""

from __future__ import annotations

import pytest

from meshctl.core.health.log_errors import is_error, says_full, telling
from meshctl.model.containers import LogLine


def lines(*texts: str, stream: str = "stdout") -> list[LogLine]:
    return [LogLine("web", "web-1", float(index), stream, text) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    "text",
    [
        '{"level": "error", "event": "no answer"}',
        '{"severity": "CRITICAL", "message": "x"}',
        '{"level": 50, "msg": "pino"}',
        "2026-11-26T19:21:18.685Z [ERROR] agent.server: sync failed",
        "2026-11-26 18:57:24.279 UTC [28] FATAL:  the database system is starting up",
        "2026/01/01 00:00:00 [error] bind() failed",
        'time=x level=error msg="broken"',
        "ModuleNotFoundError: No module named 'app'",
        "Traceback (most recent call last):",
        "panic: runtime error: index out of range",
    ],
)
def test_errors(text: str) -> None:
    assert is_error(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"level": "info", "event": "error.handled"}',
        '{"level": 30, "msg": "no error"}',
        "2026-11-26T19:21:14.120Z [WARN]  agent: Check is now critical: check=service:users-1",
        'INFO:     10.0.0.1 - "GET /error HTTP/1.1" 200 OK',
        'level=info msg="error rate is 0"',
        "1:M 26 Nov * Ready to accept connections",
        "{ not json",
        "",
    ],
)
def test_no_errors(text: str) -> None:
    assert not is_error(text)


def test_the_last_errors_by_time_each_once() -> None:
    said = lines("ERROR a", "fine", "ERROR try 1 of 9", "ERROR b", "ERROR try 2 of 9", "ERROR c")
    assert [line.text for line in telling(said, ended=False)] == ["ERROR b", "ERROR try 2 of 9", "ERROR c"]


def test_errors_on_stderr_go_before_those_on_stdout() -> None:
    said = [*lines("ERROR loud", stream="stderr"), *lines("x", "ERROR quiet")]
    assert [line.text for line in telling(said, ended=False)] == ["ERROR loud"]


def test_what_ended_without_naming_an_error_has_its_last_lines() -> None:
    said = lines("one", "two", "", "three", "four")
    assert [line.text for line in telling(said, ended=True)] == ["two", "three", "four"]
    assert telling(said, ended=False) == ()
    assert [line.text for line in telling([*said, *lines("boom", stream="stderr")], ended=True)] == ["boom"]


@pytest.mark.parametrize("text", ["write: No space left on device", "OSError: ENOSPC", "the disk is full"])
def test_full(text: str) -> None:
    assert says_full(lines(text)[0])
    assert not says_full(lines("the queue is full, 3 spaces left")[0])


def test_of_a_traceback_the_line_that_names_the_error() -> None:
    said = lines(
        "Traceback (most recent call last):",
        '  File "/app/app.py", line 3, in <module>',
        '    raise RuntimeError("no key")',
        "KeyError: 'key'",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        "RuntimeError: no key",
    )
    assert [line.text for line in telling(said, ended=True)] == ["KeyError: 'key'", "RuntimeError: no key"]
    cut = lines("Traceback (most recent call last):")
    assert telling(cut, ended=False) == tuple(cut), "better than nothing"
