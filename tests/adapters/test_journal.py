"""meshctl's own record in a file that many processes share, and that may be broken in any way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from meshctl.adapters.journal import MOST_BYTES, MOST_WORDS, FileJournal, project_folder
from meshctl.model.journal import Deed

#: Notes ``count`` entries of service ``name`` in ``folder``.
WRITER = """
import sys
from pathlib import Path
from meshctl.adapters.journal import FileJournal
from meshctl.model.journal import Deed
folder, name, count = sys.argv[1:]
journal = FileJournal(Path(folder), "up")
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    journal.note(Deed.STARTED, name, f"{name}-{number}", cause="c" * 200)
"""


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / "shop", "stop redis")


def file_of(tmp_path: Path) -> Path:
    return tmp_path / "shop" / "journal.jsonl"


def write_together(folder: Path, names: Sequence[str], count: int) -> None:
    """A process for each name, all from the same moment on."""
    argv = [sys.executable, "-c", WRITER, str(folder)]
    writers = [
        subprocess.Popen([*argv, name, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in names
    ]
    for writer in writers:
        assert writer.stdout is not None and writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=60)
        assert writer.returncode == 0


def test_what_was_noted_is_read_in_order_by_whoever_opens_it(journal: FileJournal, tmp_path: Path) -> None:
    journal.note(Deed.STOPPED, "redis", "redis-1", "0a1b", cause="asked for")
    journal.note(Deed.STARTED, "redis", "redis-1", "0a1b")
    first, second = FileJournal(tmp_path / "shop", "ps").read()
    assert (first.deed, first.service, first.instance, first.container_id) == (Deed.STOPPED, "redis", "redis-1", "0a1b")
    assert (first.cause, first.command, first.user) == ("asked for", "stop redis", journal.user)
    assert (second.deed, second.cause) == (Deed.STARTED, "")
    assert first.time <= second.time
    assert file_of(tmp_path).stat().st_mode & 0o077 == 0


def test_any_text_is_one_entry(journal: FileJournal) -> None:
    causes = ("two\nlines", "a\u2028b\x85c\x1ed", "half \udc80 a letter", '"quoted"', "\0")
    for cause in causes:
        journal.note(Deed.CREATED, "web", "web-1", cause=cause)
    assert [entry.cause for entry in journal.read()] == [cause.replace("\udc80", "?") for cause in causes]


def test_of_long_words_only_the_beginning_is_kept(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, "x" * 10**6)
    journal.note(Deed.CREATED, "web", "web-1", cause="y" * 10**6)
    (entry,) = journal.read()
    assert (entry.command, entry.cause) == ("x" * MOST_WORDS, "y" * MOST_WORDS)


def test_lines_that_are_broken_spoil_no_other(journal: FileJournal, tmp_path: Path) -> None:
    journal.note(Deed.CREATED, "web", "web-1")
    broken = (
        b'{"time": 1, "deed": "crea',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"time": 1' + b"0" * 400 + b', "deed": "created", "service": "web", "instance": "web-1"}',
        b'{"time": NaN, "deed": "created", "service": "web", "instance": "web-1"}',
        b'{"time": 1, "deed": "of a later version", "service": "web", "instance": "web-1"}',
        b'"text"',
        b"null",
    )
    with file_of(tmp_path).open("ab") as file:
        file.write(b"\n" + b"\n".join(broken))
    journal.note(Deed.REMOVED, "web", "web-1")
    assert [entry.deed for entry in journal.read()] == [Deed.CREATED, Deed.REMOVED]


def test_lines_of_other_writers_need_no_leading_line_end(journal: FileJournal, tmp_path: Path) -> None:
    file_of(tmp_path).parent.mkdir()
    content = {"time": 1.5, "deed": "stopped", "service": "redis", "instance": "redis-1"}
    file_of(tmp_path).write_text(json.dumps(content) + "\n")
    journal.note(Deed.STARTED, "redis", "redis-1")
    assert [entry.deed for entry in journal.read()] == [Deed.STOPPED, Deed.STARTED]


def test_where_nothing_can_be_written_or_read_nothing_is_remembered(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    a_folder = tmp_path / "folder"
    (a_folder / "journal.jsonl").mkdir(parents=True)
    for folder in (in_the_way, in_the_way / "shop", a_folder, Path("/proc/meshctl"), Path(os.devnull) / "shop"):
        journal = FileJournal(folder)
        journal.note(Deed.STARTED, "web", "web-1")
        assert journal.read() == ()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_neither_waited_for_nor_read(
    journal: FileJournal, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    file_of(tmp_path).parent.mkdir()
    make(file_of(tmp_path))
    journal.note(Deed.STARTED, "users", "users-1")
    assert journal.read() == ()


def test_a_file_that_has_grown_keeps_its_newest_half(journal: FileJournal, tmp_path: Path) -> None:
    journal.note(Deed.CREATED, "first", "first-1")
    with file_of(tmp_path).open("ab") as file:
        file.write(b"\n" + b"x" * MOST_BYTES)
    journal.note(Deed.CREATED, "second", "second-1")
    journal.note(Deed.CREATED, "third", "third-1")
    assert [entry.service for entry in journal.read()] == ["second", "third"]
    assert file_of(tmp_path).stat().st_size < MOST_BYTES / 2 + 1000
    assert [path.name for path in file_of(tmp_path).parent.iterdir()] == ["journal.jsonl"]


def test_of_a_file_of_any_size_only_the_end_is_read(journal: FileJournal, tmp_path: Path) -> None:
    file_of(tmp_path).parent.mkdir()
    with file_of(tmp_path).open("wb") as file:
        file.truncate(2**40)
    journal.note(Deed.CREATED, "web", "web-1")
    assert [entry.service for entry in journal.read()] == ["web"]


def test_many_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    write_together(tmp_path, ("a", "b", "c"), 100)
    entries = FileJournal(tmp_path).read()
    for name in ("a", "b", "c"):
        assert [e.instance for e in entries if e.service == name] == [f"{name}-{number}" for number in range(100)]


def test_many_processes_that_cut_keep_the_newest_of_each_other(tmp_path: Path) -> None:
    """Some three times as much as the file may have."""
    count = MOST_BYTES // 350
    write_together(tmp_path, ("a", "b", "c"), count)
    entries = FileJournal(tmp_path).read()
    assert len(entries) > count // 2
    for name in ("a", "b", "c"):
        numbers = [int(e.instance.rpartition("-")[2]) for e in entries if e.service == name]
        assert numbers == list(range(count - len(numbers), count)) or not numbers


def test_the_folder_is_of_one_project_on_one_engine(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path), "HOME": "/home/ada"}
    engine = "tcp://127.0.0.1:2375"
    folder = project_folder("shop", engine, env)
    assert folder.parent == tmp_path / "meshctl"
    assert folder.name.startswith("shop-")
    assert folder == project_folder("shop", engine, env)
    assert len({folder, project_folder("shop2", engine, env), project_folder("shop", "tcp://b:2375", env)}) == 3


def test_two_paths_to_one_socket_are_one_engine(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var-run").symlink_to(tmp_path / "run")
    of = [project_folder("shop", f"unix://{tmp_path / name}/docker.sock", {}) for name in ("run", "var-run")]
    assert of[0] == of[1]


@pytest.mark.parametrize(
    ("env", "base"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/ada"}, "/state"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/ada"}, "/home/ada/.local/state"),
        ({"HOME": "/home/ada"}, "/home/ada/.local/state"),
    ],
)
def test_the_state_folder_is_that_of_the_environment(env: dict[str, str], base: str) -> None:
    assert project_folder("shop", "unix:///s", env).parent.parent == Path(base)


def test_a_user_without_a_home_remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    journal = FileJournal(project_folder("shop", "unix:///s", {}))
    journal.note(Deed.STARTED, "web", "web-1")
    assert journal.read() == ()
