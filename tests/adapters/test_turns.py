"""The lock of a project: between processes, inside of one, and where no file can be had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meshctl.adapters.turns import FileTurns
from meshctl.ports.turns import Holder, Turn

#: Takes the turn, starts a child that would inherit every open file, says so and waits.
HOLDER = """
import signal, subprocess, sys
from pathlib import Path
from meshctl.adapters.turns import FileTurns
signal.signal(signal.SIGINT, signal.default_int_handler)
turn = FileTurns(Path(sys.argv[1])).take("up orders")
child = subprocess.Popen(["sleep", "600"], close_fds=False)
print(child.pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def held(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that has the turn, and the pid of its child."""
    argv = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        yield process, child
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate(timeout=30)


def taken(turns: FileTurns, command: str = "up") -> Turn:
    turn = turns.take(command)
    assert not isinstance(turn, Holder), turn
    return turn


def holder(turns: FileTurns) -> Holder:
    found = turns.take("down")
    assert isinstance(found, Holder), "nobody has it"
    return found


def test_one_at_a_time_in_one_process_too(tmp_path: Path) -> None:
    first, second = FileTurns(tmp_path / "shop"), FileTurns(tmp_path / "shop")
    turn = taken(first, "stop redis")
    for turns in (first, second):
        found = holder(turns)
        assert (found.command, found.pid) == ("stop redis", os.getpid())
        assert 0 <= time.time() - found.since < 60
    turn.release()
    turn.release()
    again = taken(second)
    assert holder(first).command == "up"
    again.release()


def test_projects_do_not_wait_for_each_other(tmp_path: Path) -> None:
    turns = [taken(FileTurns(tmp_path / name)) for name in ("shop", "shop2")]
    for turn in turns:
        turn.release()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_turn_ends_with_the_process_although_its_child_lives_on(tmp_path: Path, number: signal.Signals) -> None:
    with held(tmp_path) as (process, child):
        found = holder(FileTurns(tmp_path))
        assert (found.command, found.pid) == ("up orders", process.pid)
        process.send_signal(number)
        process.wait(timeout=30)
        os.kill(child, 0)
        taken(FileTurns(tmp_path)).release()


def test_what_a_killed_holder_wrote_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    with held(tmp_path) as (process, _):
        process.kill()
        process.wait(timeout=30)
    turn = taken(FileTurns(tmp_path), "x")
    assert (holder(FileTurns(tmp_path)).command, holder(FileTurns(tmp_path)).pid) == ("x", os.getpid())
    turn.release()


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 5000, b'{"command": "up", "pid": 1e999, "since": 1}\n', b"\xff"])
def test_a_holder_of_whom_nothing_can_be_read_is_nobody_known(tmp_path: Path, content: bytes) -> None:
    turn = taken(FileTurns(tmp_path))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert holder(FileTurns(tmp_path)) == Holder()
    turn.release()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this machine, with room for all users in it."""
    folder = tmp_path / "tmp"
    folder.mkdir(mode=0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_without_a_state_folder_turns_are_taken_in_one_of_the_users_own(temporary: Path) -> None:
    first, second = (FileTurns(Path(os.devnull) / "shop-1a") for _ in range(2))
    turn = taken(first)
    assert holder(second).pid == os.getpid()
    taken(FileTurns(Path(os.devnull) / "blog-1a")).release()
    (ours,) = temporary.iterdir()
    assert ours.name == f"meshctl-{os.getuid()}"
    assert ours.stat().st_mode & 0o777 == 0o700
    turn.release()


@pytest.mark.parametrize("way", ["link", "file", "writable"])
def test_what_others_have_put_in_its_place_is_not_used(temporary: Path, tmp_path: Path, way: str) -> None:
    """Then there are no turns, and nothing is written where somebody else wants it."""
    ours, elsewhere = temporary / f"meshctl-{os.getuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if way == "link":
        ours.symlink_to(elsewhere)
    elif way == "file":
        ours.write_text("")
    else:
        ours.mkdir()
        ours.chmod(0o777)
    turns = [taken(FileTurns(Path(os.devnull) / "shop-1a")) for _ in range(2)]
    for turn in turns:
        turn.release()
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "turn.lock").symlink_to(target)
    taken(FileTurns(tmp_path / "shop")).release()
    assert target.read_text() == "precious"
