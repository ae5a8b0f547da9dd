"""Words on the command line: help, versions, typos, options before and after the command."""

from __future__ import annotations

import argparse

import pytest

from meshctl import __version__
from meshctl.cli.parser import COMMANDS, parse
from meshctl.cli.values import replicas, seconds
from tests.cli.conftest import Run


def test_version(run: Run) -> None:
    answer = run("--version")
    assert (answer.code, answer.out) == (0, f"meshctl {__version__}\n")


@pytest.mark.parametrize("argv", [("ps", "--version"), ("call", "--version"), ("--json", "--version", "up")])
def test_version_stands_before_or_after_the_command(run: Run, argv: tuple[str, ...]) -> None:
    answer = run(*argv)
    assert (answer.code, answer.out) == (0, f"meshctl {__version__}\n")


def test_help_names_every_command(run: Run) -> None:
    answer = run("--help")
    assert answer.code == 0
    assert all(f"  {name} " in answer.out for name in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(run: Run, command: str) -> None:
    answer = run(command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: meshctl {command}")
    assert f"\n  meshctl {command}" in answer.out.partition("examples:")[2]


@pytest.mark.parametrize(
    ("argv", "near"),
    [(("psx",), "ps"), (("lgos",), "logs"), (("up", "--buld"), "--build"), (("logs", "--folow"), "--follow")],
)
def test_a_typo_gets_the_nearest_word(run: Run, argv: tuple[str, ...], near: str) -> None:
    answer = run(*argv)
    assert answer.code == 2
    assert near in answer.err.split("hint:")[1]
    assert answer.out == ""


def test_without_a_terminal_the_app_is_not_opened(run: Run) -> None:
    answer = run()
    assert answer.code == 2
    assert "meshctl ps" in answer.err


def test_global_options_stand_before_or_after() -> None:
    before = parse(["-p", "other", "--json", "ps"])
    after = parse(["ps", "-p", "other", "--json"])
    assert (before.project, before.json, before.command) == (after.project, after.json, after.command)


def test_short_options_may_be_joined() -> None:
    options = parse(["-qvf", "x.yaml", "ps"])
    assert (options.quiet, options.verbose, options.file, options.command) == (True, 1, "x.yaml", "ps")


@pytest.mark.parametrize(
    ("words", "service", "instance", "inner"),
    [
        (["web", "--", "ls", "-f"], "web", None, ["ls", "-f"]),
        (["web", "ls", "--", "x"], "web", None, ["ls", "--", "x"]),
        (["web", "--instance", "2", "--", "ls"], "web", 2, ["ls"]),
        (["--instance", "2", "-p", "other", "web", "ls", "--instance", "3"], "web", 2, ["ls", "--instance", "3"]),
        (["web"], "web", None, []),
    ],
)
def test_exec_reads_its_own_words_only(words: list[str], service: str, instance: int | None, inner: list[str]) -> None:
    options = parse(["exec", *words])
    assert (options.service, options.instance, options.argv) == (service, instance, inner)


def test_down_and_logs_keep_their_compose_letters() -> None:
    assert parse(["down", "-v"]).volumes is True
    options = parse(["-f", "x.yaml", "logs", "-f", "web"])
    assert (options.file, options.follow, options.services) == ("x.yaml", True, ["web"])


@pytest.mark.parametrize(("text", "value"), [("2s", 2.0), ("500ms", 0.5), ("1m30s", 90.0), ("3", 3.0), ("1h", 3600.0)])
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "s", "1x", "-1s", "abc"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


def test_replicas() -> None:
    assert replicas("users=3") == ("users", 3)
    for wrong in ("users", "users=", "=3", "users=-1", "users=x"):
        with pytest.raises(argparse.ArgumentTypeError):
            replicas(wrong)
