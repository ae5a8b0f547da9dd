"""The text of env files."""

from __future__ import annotations

import pytest

from meshctl.core.config.envfile import EnvFileWrong, parse_env


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("# comment\n\n  # more\n", {}),
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1", {"A": "1"}),
        ("A = spaced ", {"A": "spaced"}),
        ("A=", {"A": ""}),
        ("A=a # comment", {"A": "a"}),
        ("A=# comment", {"A": ""}),
        ("A=a#b", {"A": "a#b"}),
        ("A=a=b", {"A": "a=b"}),
        ("A: yaml-like", {"A": "yaml-like"}),
        ("A='$B # \\n'", {"A": "$B # \\n"}),
        ('A="x # y" # comment', {"A": "x # y"}),
        (r'A="a\nb\t\"q\" \\ \$B"', {"A": 'a\nb\t"q" \\ $B'}),
        ("A='two\nlines'\nB=1", {"A": "two\nlines", "B": "1"}),
        ("A=1\nB=${A}2\nC=$B", {"A": "1", "B": "12", "C": "12"}),
        ("A=${SHELL_VAR}", {"A": "from-shell"}),
        ("A=${NOPE:-d}", {"A": "d"}),
        ("SHELL_VAR\nNOPE", {"SHELL_VAR": "from-shell"}),
        ("A=1\nA=2", {"A": "2"}),
        ("a.b-c=1", {"a.b-c": "1"}),
    ],
)
def test_lines(text: str, expected: dict[str, str]) -> None:
    assert parse_env(text, {"SHELL_VAR": "from-shell"}) == expected


def test_the_shell_goes_before_the_file_in_values() -> None:
    assert parse_env("A=file\nB=$A", {"A": "shell"}) == {"A": "file", "B": "shell"}


def test_raw_values_are_taken_as_they_stand() -> None:
    assert parse_env("A='q' # x $B\n#no\nC", {"C": "c"}, raw=True) == {"A": "'q' # x $B", "C": "c"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A=1\n'quoted'=2", 2, "expected NAME=value"),
        ("A=1\n1A=2", 2, "not the name"),
        ("=x", 1, "expected NAME=value"),
        ("two words", 1, "expected NAME=value"),
        ("A='open\nB=1", 1, "not closed"),
        ('A="x" y', 1, "unexpected text"),
        ("A=1\n\nB=p$ssword", 3, "missing env variable ssword"),
    ],
)
def test_errors(text: str, line: int, message: str) -> None:
    with pytest.raises(EnvFileWrong) as caught:
        parse_env(text, {})
    assert caught.value.line == line
    assert message in str(caught.value)


def test_a_dollar_in_a_password_is_answered_with_single_quotes() -> None:
    with pytest.raises(EnvFileWrong) as caught:
        parse_env("PASSWORD=a$b", {})
    assert "single quotes" in caught.value.hint
