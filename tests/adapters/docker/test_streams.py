"""Decoding of what the engine streams."""

from __future__ import annotations

import asyncio
import re
import struct
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from meshctl.adapters.docker.images import BuildProgress, PullProgress
from meshctl.adapters.docker.log_lines import MAX_LINE, SEARCHED, frames, log_lines
from meshctl.adapters.docker.runtime import DockerRuntime
from meshctl.adapters.docker.streams import documents
from meshctl.errors import NotFound, OperationFailed, RuntimeUnavailable
from meshctl.model.containers import Container, ContainerState
from tests.adapters.contract_runtime import WAIT_S, eventually
from tests.adapters.docker.fake_server import send_chunks, send_json, serving

CONTAINER = Container("c0ffee", "shop-web-1", "web", 1, ContainerState.RUNNING)
STAMP = b"2024-05-01T12:00:00.000000001Z "


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_frames_may_be_cut_anywhere(size: int) -> None:
    data = frame(1, b"one\n") + frame(2, b"") + frame(2, b"two\n") + frame(1, b"x" * 500)
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    assert list(frames(chunks)) == [("stdout", b"one\n"), ("stderr", b"two\n"), ("stdout", b"x" * 500)]


@pytest.mark.parametrize("data", [b"plain text from a terminal", frame(9, b"x"), b"\x01\0\0\0\xff\xff\xff\xff"])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(OperationFailed, match="cannot be read"):
        list(frames([data]))


def test_parts_of_long_lines_are_joined_for_each_stream_alone() -> None:
    parts = [
        ("stdout", STAMP + b"a" * 10),
        ("stderr", STAMP + b"error\r\n"),
        ("stdout", STAMP + b"b c\n"),
        ("stdout", STAMP + b"\n"),
        ("stderr", STAMP + b"rest"),
    ]
    lines = list(log_lines(parts, CONTAINER))
    assert [(line.stream, line.text) for line in lines] == [
        ("stderr", "error"),
        ("stdout", "aaaaaaaaaab c"),
        ("stdout", ""),
        ("stderr", "rest"),
    ]
    assert {(line.service, line.instance_id) for line in lines} == {("web", "web-1")}
    assert all(line.time == pytest.approx(1714564800.0, abs=1e-6) for line in lines)


def test_an_endless_line_is_cut_and_odd_bytes_survive() -> None:
    parts = [("stdout", STAMP + b"x" * 16384)] * 40 + [("stdout", STAMP + b"\n"), ("stdout", STAMP + b"\xff!\n")]
    cut, odd = log_lines(parts, CONTAINER)
    assert cut.text == "x" * MAX_LINE + "… 0.4 MB more"
    assert odd.text.encode("utf-8", "surrogateescape") == b"\xff!"


@pytest.mark.parametrize(("at", "length"), [(300_000, 400_000), (SEARCHED - 3, 2 * SEARCHED), (5_000_000, 5_000_020)])
def test_what_stands_behind_the_cut_is_found(at: int, length: int) -> None:
    whole = b"." * at + b"needle" + b"." * (length - at - 6) + b"\n"
    parts = [("stdout", STAMP + whole[i : i + 16384]) for i in range(0, len(whole), 16384)]
    searches = [lambda text: "needle" in text, lambda text: re.search("^[.]", text) is not None]
    (line,) = log_lines(parts, CONTAINER, searches)
    assert line.hit and "needle" not in line.text
    (line,) = log_lines(parts, CONTAINER, [*searches, lambda text: "other" in text])
    assert line.hit is False


def test_a_line_that_is_kept_whole_is_left_to_the_reader() -> None:
    (line,) = log_lines([("stdout", STAMP + b"short\n")], CONTAINER, [lambda text: False])
    assert line.hit is None


def test_an_endless_line_takes_no_endless_memory() -> None:
    parts = (("stdout", STAMP + b"x" * 16384) for _ in range(64 * 64))
    tracemalloc.start()
    try:
        (line,) = log_lines(parts, CONTAINER, [lambda text: "y" in text])
        assert tracemalloc.get_traced_memory()[1] < 6 * SEARCHED
    finally:
        tracemalloc.stop()
    assert line.text.endswith("x… 66.8 MB more")


def test_a_letter_that_the_cut_went_through_is_left_out() -> None:
    parts = [("stdout", STAMP + b"x" + "ä".encode() * MAX_LINE + b"\n")]
    (line,) = log_lines(parts, CONTAINER)
    assert line.text.endswith("ää… 0.3 MB more")


def test_documents_may_be_cut_anywhere_and_odd_ones_are_skipped() -> None:
    chunks = [b'{"a":', b"1}\nnonsense\n[1]\n\n", b'{"b":2}\n{"c":']
    assert list(documents(chunks)) == [{"a": 1}, {"b": 2}]


def test_a_document_without_end_is_refused() -> None:
    with pytest.raises(OperationFailed):
        list(documents(b"x" * 65536 for _ in range(100)))


def engine_answers(handler: BaseHTTPRequestHandler, answer: Any) -> None:
    if handler.path == "/version":
        send_json(handler, {"ApiVersion": "1.41", "Version": "20.10.24"})
    else:
        answer(handler)


async def test_a_stream_that_breaks_off_just_ends(tmp_path: Path) -> None:
    event = b'{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{}},"timeNano":1}\n'

    def answer(handler: BaseHTTPRequestHandler) -> None:
        engine_answers(handler, lambda h: send_chunks(h, event, event[:20], finish=False))

    with serving(tmp_path, answer) as address:
        runtime = DockerRuntime(address)
        assert [e.action async for e in runtime.events("shop")] == ["start"]
        lines = runtime.logs(CONTAINER, since=None, tail=None, follow=True)
        with pytest.raises(OperationFailed, match="cannot be read"):
            await anext(lines)
        await runtime.close()


async def test_a_silent_stream_can_be_cancelled_and_its_thread_ends(tmp_path: Path) -> None:
    release, connected = threading.Event(), threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        connected.set()
        release.wait(WAIT_S)

    def threads() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name == "meshctl-worker"]

    with serving(tmp_path, lambda handler: engine_answers(handler, silent)) as address:
        runtime = DockerRuntime(address)
        try:
            waiting = asyncio.ensure_future(anext(runtime.events("shop")))
            await asyncio.to_thread(connected.wait, WAIT_S)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

            async def alone() -> bool:
                return not threads()

            await eventually(alone)
        finally:
            release.set()
            await runtime.close()


async def test_an_engine_that_is_gone_is_named_by_every_method(tmp_path: Path) -> None:
    with serving(tmp_path, lambda handler: engine_answers(handler, lambda h: send_json(h, []))) as address:
        runtime = DockerRuntime(address)
        await runtime.observe("shop")
    ways = [
        runtime.info(),
        runtime.observe("shop"),
        runtime.networks.create("shop", "shop_default"),
        runtime.volumes.create("shop", "shop_data"),
        runtime.instances.start("c0ffee"),
        runtime.instances.stop("c0ffee", 1.0),
        runtime.instances.remove("c0ffee"),
        runtime.exec.run("c0ffee", ("true",), 1.0),
        runtime.exec.attach("c0ffee", ("true",), tty=False),
        runtime.images.pull("x:1", lambda *_: None),
        anext(runtime.events("shop")),
        anext(runtime.stats.follow("c0ffee")),
        anext(runtime.logs(CONTAINER, since=None, tail=None, follow=True)),
    ]
    for way in ways:
        with pytest.raises(RuntimeUnavailable, match="No Docker engine answers") as caught:
            await way
        assert caught.value.hint
    await runtime.close()
    with pytest.raises(RuntimeUnavailable, match="closed"):
        await runtime.volumes.create("shop", "shop_data")


async def test_logs_of_what_is_being_removed_are_not_found(tmp_path: Path) -> None:
    message = {"message": "can not get logs from container which is dead or marked for removal"}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        engine_answers(handler, lambda h: send_json(h, message, 409))

    with serving(tmp_path, answer) as address:
        runtime = DockerRuntime(address)
        with pytest.raises(NotFound):
            await anext(runtime.logs(CONTAINER, since=None, tail=None, follow=True))
        await runtime.close()


def test_the_progress_of_a_pull_is_one_fraction() -> None:
    told: list[tuple[str, float | None]] = []
    progress = PullProgress(lambda text, fraction: told.append((text, fraction)))
    progress.take({"status": "Pulling from library/redis", "id": "7"})
    for layer, current in (("a", 0), ("b", 0), ("a", 50), ("a", 50)):
        detail = {"current": current, "total": 100}
        progress.take({"status": "Downloading", "id": layer, "progressDetail": detail})
    progress.take({"status": "Pull complete", "id": "a", "progressDetail": {}})
    assert told == [("Downloading", 0.0), ("Downloading", 0.25), ("Pull complete", 0.5)]


def test_the_output_of_a_build_is_steps_and_an_end() -> None:
    told: list[tuple[str, float | None]] = []
    progress = BuildProgress(lambda text, fraction: told.append((text, fraction)))
    progress.take({"stream": "Step 1/2 : FROM x"})
    progress.take({"stream": "\n"})
    progress.take({"stream": "Step 2/2 : RUN y\n ---> Running in 1\n"})
    for number in range(100):
        progress.take({"stream": f"line {number}\r\n"})
    progress.take({"aux": {"ID": "sha256:1"}})
    progress.take({"stream": "unfinished"})
    assert told == [("Step 1/2: FROM x", 0.0), ("Step 2/2: RUN y", 0.5)]
    assert progress.image_id == "sha256:1"
    assert len(progress.log) == 40
    assert progress.log[-2:] == ("line 99", "unfinished")
