"""Words on the command line: help, versions, typos, options before and after the command."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from meshctl import __version__
from meshctl.cli.arguments import counts, port, replicas, seconds, size
from meshctl.cli.help_text import ACTIONS
from meshctl.cli.parser import _VALUED_OF, COMMANDS, _page, parse
from meshctl.model.status import Health
from tests.cli.conftest import Open, Run


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
    assert run("help", command).out == answer.out


def test_help_is_a_word_too(run: Run) -> None:
    assert run("help").out == run("--help").out
    assert run("help", "traces", "show").out == run("traces", "show", "--help").out
    assert "Did you mean stop?" in run("help", "stpo").err


@pytest.mark.parametrize(
    ("argv", "near"),
    [
        (("psx",), "ps"),
        (("lgos",), "logs"),
        (("tracs",), "traces"),
        (("up", "--buld"), "--build"),
        (("logs", "--folow"), "--follow"),
        (("call", "web", "GET", "/", "--trac"), "--trace"),
        (("traces", "--atribute", "a=b"), "--attribute"),
        (("traces", "shwo", "4bf92f35"), "Did you mean show?"),
        (("traces", "4bf92f35"), "meshctl traces show 4bf92f35"),
        (("collector", "--stor", "x"), "--store"),
    ],
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


def test_traces_lists_unless_its_first_word_is_an_action() -> None:
    options = parse(["traces"])
    assert (options.action, options.limit, options.attribute, options.error) == ("list", 20, [], False)
    assert parse(["traces", "list", "--json"]).action == "list"
    options = parse(["traces", "diff", "4bf9", "00f0", "--json"])
    assert (options.action, options.before, options.after, options.json) == ("diff", "4bf9", "00f0", True)
    assert parse(["traces", "export", "-o", "x.json", "4bf9"]).output == "x.json"
    assert parse(["traces", "show"]).id == "last"


@pytest.mark.parametrize(
    "words",
    [
        ["--error", "-a", "pin=1", "export", "-o", "show", "--limit", "7"],
        ["export", "--limit", "7", "--error", "-a", "pin=1", "-o", "show"],
        ["-qo", "show", "--attribute", "pin=1", "--limit", "7", "--error", "export"],
    ],
)
def test_options_of_an_action_stand_before_or_after_it(words: list[str]) -> None:
    options = parse(["traces", *words])
    assert (options.action, options.ids, options.error, options.attribute) == ("export", [], True, ["pin=1"])
    assert (options.output, options.limit) == ("show", 7)


def test_every_option_that_takes_a_word_is_known_to_do_so() -> None:
    """Its value would be taken for the action otherwise."""
    for action in ACTIONS["traces"]:
        for option in _page(f"traces {action}")._actions:
            if option.option_strings and option.nargs != 0:
                assert all(_VALUED_OF["traces"].fullmatch(text) for text in option.option_strings), option


@pytest.mark.parametrize("action", ACTIONS["traces"])
def test_every_action_has_its_own_help(run: Run, action: str) -> None:
    answer = run("traces", action, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: meshctl traces {action} ")
    assert f"\n  meshctl traces {action}" in answer.out.partition("examples:")[2]
    assert ("--min-duration" in answer.out) == (action in ("list", "export"))
    assert ("--output" in answer.out) == (action == "export")
    assert run("traces", "--help", action).out == answer.out


def test_the_help_of_a_command_lists_its_actions(run: Run) -> None:
    answer = run("traces", "--help")
    assert answer.out.startswith("usage: meshctl traces [ACTION]")
    assert all(f"\n  {action} " in answer.out for action in ACTIONS["traces"])


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("traces", "pin", "X", "--min-duration", "50ms"), "no option '--min-duration' of meshctl traces pin"),
        (("traces", "show", "-o", "x"), "no option '-o' of meshctl traces show"),
        (("traces", "-o", "x", "list"), "no option '-o' of meshctl traces list"),
        (("traces", "-o", "x"), "no option '-o' of meshctl traces"),
        (("traces", "--timeout", "3"), "no option '--timeout' of meshctl traces"),
        (("traces", "list", "extra"), "'extra' is one word too many for meshctl traces list"),
        (("traces", "show", "aa", "bb"), "'bb' is one word too many for meshctl traces show"),
        (("traces", "diff", "aa"), "meshctl traces diff needs AFTER"),
        (("traces", "pin"), "meshctl traces pin needs ID"),
        (("traces", ""), "no action '' of meshctl traces"),
        (("config", "x"), "'x' is one word too many for meshctl config"),
        (("--bogus", "ps"), "no option '--bogus' of meshctl"),
        (("",), "no command ''"),
        (("call", "web"), "meshctl call needs METHOD"),
        (("ps", "--json=1"), "--json takes no value"),
        (("up", "--timeout"), "--timeout needs a value"),
    ],
)
def test_what_an_action_does_not_take_is_refused(run: Run, argv: tuple[str, ...], said: str) -> None:
    answer = run(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err and "hint:" in answer.err


def test_an_option_of_another_action_names_it(run: Run) -> None:
    answer = run("traces", "pin", "X", "--min-duration", "50ms")
    assert "meshctl traces list and meshctl traces export" in answer.err.split("hint:")[1]


def test_the_help_of_ps_tells_every_word_of_health(run: Run) -> None:
    said = run("ps", "--help").out
    assert [health for health in Health if health.value not in said] == []


@pytest.mark.parametrize("verb", ["down", "stop", "restart", "pause"])
def test_what_takes_something_away_says_what_stays(run: Run, verb: str) -> None:
    assert "stay" in run(verb, "--help").out or "keep" in run(verb, "--help").out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("up", "--timeout", "0"), "'0' leaves no time"),
        (("call", "web", "GET", "/", "--timeout", "0s"), "'0s' leaves no time"),
        (("up", "--timeout", "-1s"), "'-1s' leaves no time"),
        (("up", "--timeout", "-3"), "'-3' leaves no time"),
        (("up", "--timeout", "99999999999d"), "longer than ten years"),
        (("stop", "web", "--timeout", "0"), "stop_grace_period"),
        (("down", "--timeout", "0"), "stop_grace_period"),
        (("traces", "--min-duration", "50"), "50 what? Write 50ms or 50s"),
        (("traces", "export", "--max-duration", "0.5"), "0.5 what? Write 0.5ms or 0.5s"),
        (("traces", "--min-duration", "0"), "'0' is no bound"),
        (("traces", "--min-duration", "2s", "--max-duration", "1s"), "swap them"),
        (("traces", "--since", "0"), "'0' is no time ago"),
        (("logs", "--since", "-5m"), "'-5m' is no time ago"),
        (("traces", "--limit", "0"), "'0' is not a number from 1"),
        (("call", "web", "GET", "/", "--repeat", "0"), "'0' is not a number from 1"),
        (("exec", "web", "--instance", "0", "--", "ls"), "'0' is not a number from 1"),
        (("logs", "--tail", "0"), "--tail 0 shows nothing without --follow"),
        (("logs", "--tail", "-1"), "'-1' is not a number"),
        (("scale", "web=-1"), "error: web cannot have -1 instances"),
        (("up", "--ui"), "--ui opens the app, which needs a terminal"),
        (("down", "web"), "meshctl stop web stops one service"),
        (("scale", "web=1001"), "web cannot have 1001 instances"),
        (("scale", "web=1", "web=2"), "web cannot have both 1 and 2 instances"),
        (("up", "--scale", "web=3", "--scale", "web=4"), "web cannot have both 3 and 4 instances"),
        (("up", "store", "--scale", "web=3"), "web has a number of instances, but is not started"),
        (("up", "--profile", "nosuch"), "no profile 'nosuch'"),
        (("ps", ""), "no service ''"),
        (("ps", "wbe"), "no service 'wbe'"),
        (("logs", "--trace", "zzz"), "no trace 'zzz'"),
        (("traces", "--service", ""), "--service: it is empty"),
        (("collector", "--host", ""), "--host: it is empty"),
        (("collector", "--max-bytes", "0"), "'0' is not a size"),
        (("-p", "", "ps"), "'' is no name for a project"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_a_sentence(run: Run, world: Open, argv: tuple[str, ...], said: str) -> None:
    world()
    answer = run(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err and "invalid" not in answer.err


def test_lines_kept_before_are_none_all_or_so_many() -> None:
    assert [parse(["logs", "--tail", text]).tail for text in ("0", "all", "7")] == [0, None, 7]


def test_the_same_number_twice_is_one_number() -> None:
    assert counts([("a", 2), ("b", 1), ("a", 2)]) == {"a": 2, "b": 1}


def test_traces_reads_its_filters() -> None:
    words = "--service orders --operation GET --error --min-duration 100ms --max-duration 2s --since 5m --limit 7"
    options = parse(["traces", *words.split(), "-a", "a=b", "--attribute", "c=d e", "--text", "no stock"])
    assert (options.service, options.operation, options.error, options.limit) == ("orders", "GET", True, 7)
    assert (options.min_duration, options.max_duration, options.since) == (0.1, 2.0, 300.0)
    assert (options.attribute, options.text) == (["a=b", "c=d e"], "no stock")


def test_call_and_logs_each_have_their_trace() -> None:
    assert parse(["call", "web", "GET", "/"]).trace is False
    assert parse(["call", "web", "--trace", "GET", "/"]).trace is True
    assert parse(["logs", "--trace", "4bf9"]).trace == "4bf9"


def test_the_collector_listens_where_it_is_told_and_keeps_what_it_is_told() -> None:
    options = parse(["collector"])
    assert (options.host, options.grpc_port, options.http_port, options.query_port) == ("127.0.0.1", 4317, 4318, 16686)
    assert (options.store, options.forward, options.allow_host, options.max_bytes) == (None, None, [], 0)
    words = "--host 0.0.0.0 --grpc-port 0 --max-bytes 256MB --max-traces 9 --max-spans-per-trace 8 --max-message 1m"
    options = parse(["collector", *words.split(), "--allow-host", "a", "--allow-host", "b"])
    assert (options.host, options.grpc_port, options.allow_host) == ("0.0.0.0", 0, ["a", "b"])
    assert (options.max_bytes, options.max_traces, options.max_spans_per_trace) == (256 << 20, 9, 8)
    assert options.max_message == 1 << 20


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("5k", 5 << 10), ("64MB", 64 << 20), ("1 gb", 1 << 30)])
def test_sizes(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize(("read", "text"), [(size, "0"), (size, "MB"), (size, "1tb"), (port, "65536"), (port, "-1")])
def test_what_is_no_size_and_no_port(read: Callable[[str], int], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        read(text)


def test_options_may_stand_between_words() -> None:
    options = parse(["logs", "web", "--tail", "5", "db"])
    assert (options.services, options.tail) == (["web", "db"], 5)
    options = parse(["traces", "export", "4bf9", "-o", "x.json", "00f0"])
    assert (options.action, options.ids, options.output) == ("export", ["4bf9", "00f0"], "x.json")
    options = parse(["call", "-d", "{}", "web", "--trace", "POST", "-H", "a:b", "/x"])
    assert (options.service, options.method, options.path, options.data) == ("web", "POST", "/x", "{}")
