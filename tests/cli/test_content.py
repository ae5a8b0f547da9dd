"""What is read from files and standard input is bounded, and says what is wrong."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from meshctl.cli.content import content_of, within
from meshctl.errors import UsageError


def test_all_of_it_when_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert content_of(str(tmp_path / "a"), 5) == b"12345"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"abc")))
    assert content_of("-", 5) == b"abc"


def test_no_more_than_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="/dev/zero is larger than 2 MiB"):
        content_of("/dev/zero", 2 << 20)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"x" * (3 << 20))))
    with pytest.raises(UsageError, match="standard input is larger than 2 MiB"):
        content_of("-", 2 << 20)
    with pytest.raises(UsageError, match="the body is larger than 1 MiB"):
        within(b"x" * ((1 << 20) + 1), 1 << 20, "the body")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="-d @x: No such file") as caught:
        content_of(str(tmp_path / "x"), 5, said="-d @x", hint="-d @FILE reads a file.")
    assert caught.value.hint == "-d @FILE reads a file."
    with pytest.raises(UsageError, match="Is a directory"):
        content_of(str(tmp_path), 5)
