"""Progress: bars that move on a terminal, plain lines elsewhere, JSON lines for scripts."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace

import pytest

from meshctl.cli.progress import Stopwatch, TerminalSink, plain_line, progress
from meshctl.model.progress import TURN, Phase, ProgressEvent

STARTED = ProgressEvent("pull", "redis:7", Phase.STARTED, "cache", "not here")
HALF = ProgressEvent("pull", "redis:7", Phase.PROGRESS, "cache", "Downloading", 0.5)
DONE = ProgressEvent("pull", "redis:7", Phase.DONE, "cache", elapsed_s=2.5)
WIPE = "\x1b[1A\x1b[J"


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "24")


def test_plain_lines_tell_of_what_takes_time_and_of_every_end() -> None:
    quick = ProgressEvent("wait ready", "web-1", Phase.DONE, elapsed_s=0.2)
    failed = ProgressEvent("start", "web-1", Phase.FAILED, message="port 80 is taken")
    assert [plain_line(event) for event in (STARTED, HALF, DONE, quick, failed)] == [
        "redis:7: pull …",
        "",
        "redis:7: pull done in 2.5 s",
        "",
        "web-1: start failed: port 80 is taken",
    ]


def test_whom_a_command_waits_for_is_a_line_of_its_own() -> None:
    words = "waiting for `meshctl up` (pid 4711, since 3 s)"
    waits = (
        ProgressEvent(TURN, "shop", Phase.STARTED, message=words),
        ProgressEvent(TURN, "shop", Phase.PROGRESS, message=words),
        ProgressEvent(TURN, "shop", Phase.DONE, elapsed_s=0.4),
        ProgressEvent(TURN, "shop", Phase.DONE, elapsed_s=2.0),
    )
    assert [plain_line(event) for event in waits] == [words, words, "", "shop: wait turn done in 2.0 s"]


def test_a_terminal_shows_what_is_under_way_and_keeps_what_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    hand = Hand()
    with TerminalSink(hand) as sink:
        sink.emit(STARTED)
        hand.now = 1.2
        sink.emit(HALF)
        sink.emit(DONE)
    assert capsys.readouterr().err == (
        " ⠙ redis:7: pull 0.0 s · not here\n"
        f"{WIPE} ⠹ redis:7: pull ██████████░░░░░░░░░░ 1.2 s · Downloading\n"
        f"{WIPE} ✔ redis:7: pull done in 2.5 s\n"
    )


def test_no_row_is_wider_than_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    with TerminalSink(Hand()) as sink:
        sink.emit(STARTED)
    assert capsys.readouterr().err.splitlines()[0] == " ⠙ redis:7: pull 0…"


def test_what_is_not_over_is_wiped_at_the_end_also_when_the_terminal_became_narrower(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with TerminalSink(Hand()) as sink:
        sink.emit(STARTED)
        monkeypatch.setenv("COLUMNS", "20")
    assert capsys.readouterr().err.endswith("\x1b[2A\x1b[J")


async def test_the_spinner_moves_without_events(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""
    with TerminalSink() as sink:
        sink.emit(STARTED)
        async with asyncio.timeout(10):
            while "⠸" not in shown:
                await asyncio.sleep(0)
                shown += capsys.readouterr().err
    assert shown.index("⠙") < shown.index("⠹") < shown.index("⠸")


def test_the_sink_fits_the_options_and_the_stream(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet, as_json in ((True, True), (False, True), (False, False)):
        with progress(Namespace(quiet=quiet, json=as_json)) as sink:
            sink.emit(DONE)
    as_json_line, plain = capsys.readouterr().err.splitlines()
    assert json.loads(as_json_line)["elapsed_s"] == 2.5
    assert plain == "redis:7: pull done in 2.5 s"


def test_the_stopwatch_keeps_when_each_service_was_there() -> None:
    hand = Hand()
    with progress(Namespace(quiet=True, json=False)) as sink:
        watch = Stopwatch(sink, hand)
        for hand.now, event in ((1.0, STARTED), (2.0, HALF), (3.0, DONE)):
            watch.emit(event)
    assert watch.seconds == {"cache": 3.0}
