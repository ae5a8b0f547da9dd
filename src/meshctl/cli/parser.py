"""The words of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from meshctl import __version__
from meshctl.cli.arguments import ARGUMENTS, TRACES_VALUED
from meshctl.cli.help_text import ACTIONS, COMMANDS, EXAMPLES, description
from meshctl.cli.output import Output
from meshctl.core.names import no_such
from meshctl.errors import UsageError

#: Options that take the next word as their value, wherever they stand.
_VALUED = r"--file|--project-name|--instance|-[hqv]*[fp]"
_VALUED_OF = {"": re.compile(_VALUED), "traces": re.compile(f"{_VALUED}|{TRACES_VALUED}")}
_NOTHING_MORE = {
    "meshctl down": "It takes all of the project away; meshctl stop {word} stops one service",
    "meshctl traces": "meshctl traces show {word} shows one trace",
    "meshctl traces list": "meshctl traces show {word} shows one trace",
    "meshctl traces show": "meshctl traces diff A B compares two",
}


class Parser(argparse.ArgumentParser):
    """argparse that raises UsageError: a sentence, and the nearest word or an example. ``page`` names its help."""

    def __init__(self, page: str, **more: object) -> None:
        super().__init__(f"meshctl {page}".rstrip(), allow_abbrev=False, **more)  # type: ignore[arg-type]
        self.page = page
        self._negative_number_matcher = re.compile(r"-\.?[0-9]")  # no option begins so: -1s is a value

    def _print_message(self, message: str, file: object = None) -> None:
        """As every command prints."""
        Output(as_json=False).text(message.rstrip("\n"))

    def error(self, message: str) -> NoReturn:
        what, _, words = message.partition(": ")
        if what == "unrecognized arguments":
            raise self._unrecognized(words.split(" "))
        if what == "the following arguments are required":
            raise UsageError(f"{self.prog} needs {words}", hint=f"For example: {EXAMPLES[self.page][0]}")
        found = re.fullmatch(r"argument (?:\S+/)*(\S+): (.*)", message, re.DOTALL)
        name, told = found.groups() if found else ("", message)
        hint = f"See {self.prog} --help"
        if told.startswith("expected "):
            option = next((one for one in self._actions if name in one.option_strings), None)
            if option is not None and isinstance(option.metavar, str):
                hint = f"For example: {name} {option.metavar}"
            raise UsageError(f"{name} needs a value", hint=hint)
        if told.startswith("ignored explicit argument"):
            raise UsageError(f"{name} takes no value", hint=hint)
        raise UsageError(f"{name}: {told}" if name.startswith("-") else told, hint=hint)

    def _unrecognized(self, words: Sequence[str]) -> UsageError:
        option = next((word.partition("=")[0] for word in words if word.startswith("-")), "")
        if not option:
            more = _NOTHING_MORE.get(self.prog, f"See {self.prog} --help").format(word=words[0])
            return UsageError(f"'{words[0]}' is one word too many for {self.prog}", hint=more)
        command, _, action = self.page.partition(" ")
        pages = [f"{command} {other}" for other in ACTIONS.get(command, ()) if other != action]
        having = [f"meshctl {page}" for page in pages if option in _options(_page(page))]
        if having:
            return no_such("option", option, where=f"of {self.prog}", hint=f"It is one of {' and '.join(having)}.")
        return no_such("option", option, _options(self), where=f"of {self.prog}", hint=f"See {self.prog} --help")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The namespace of one command; ``command`` '' means none. Raises UsageError; exits 0 for help and version."""
    before, command, rest = _split(argv)
    top = Parser("", add_help=False, parents=[_common(suppress=False)])
    top.add_argument("-h", "--help", action="store_true")
    options = top.parse_args(before)
    options.command = command or ""
    if command is None or options.help:
        return options
    if command == "help":
        return parse([*before, *rest, "--help"])
    if command not in COMMANDS:
        raise no_such("command", command, COMMANDS, hint="meshctl --help lists the commands")
    page = command
    if command == "exec":
        rest, options.argv = _inner_command(rest)
    elif command in ACTIONS:
        rest, action = _without_action(command, rest)
        options.action = action or next(iter(ACTIONS[command]))
        page = f"{command} {action}".rstrip()
    _page(page).parse_intermixed_args(rest, options)
    return options


def _split(argv: Sequence[str], command: str = "") -> tuple[list[str], str | None, list[str]]:
    """Options before the first word that is none, that word (None if there is none), and the rest."""
    words, index, valued = list(argv), 0, _VALUED_OF[command]
    while index < len(words) and words[index].startswith("-") and words[index] != "--":
        index += 2 if valued.fullmatch(words[index]) else 1
    return words[:index], words[index] if index < len(words) else None, words[index + 1 :]


def _without_action(command: str, argv: Sequence[str]) -> tuple[list[str], str]:
    """The other words, and the action, which is the first that is no option; '' if none is named."""
    before, action, after = _split(argv, command)
    if action is None:
        return before, ""
    if action not in ACTIONS[command]:
        _page(command).parse_intermixed_args(before)  # an option nobody knows comes first
        hint = f"meshctl {command} show {action} shows one trace"
        raise no_such("action", action, ACTIONS[command], where=f"of meshctl {command}", hint=hint)
    return [*before, *after], action


def _inner_command(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What ``exec`` itself reads, and the command it runs, of which no word is touched."""
    before, service, rest = _split(argv)
    after, first, arguments = _split(rest)
    ours = [*before, *(() if service is None else (service,)), *after]
    return ours, arguments if first in ("--", None) else [first, *arguments]


def _common(*, suppress: bool) -> argparse.ArgumentParser:
    """The options that stand before or after the command; after it they only overwrite when given."""

    def default(value: object) -> object:
        return argparse.SUPPRESS if suppress else value

    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("everywhere")
    group.add_argument("-f", "--file", metavar="FILE", default=default(None), help="the configuration")
    group.add_argument(
        "-p", "--project-name", metavar="NAME", dest="project", default=default(None), help="another than the file's"
    )
    group.add_argument("--json", action="store_true", default=default(False), help="one JSON document on stdout")
    group.add_argument("-q", "--quiet", action="store_true", default=default(False), help="no progress")
    group.add_argument("-v", "--verbose", action="count", default=default(0), help="more; twice: tracebacks")
    group.add_argument("--version", action="version", version=f"meshctl {__version__}", help="print the version")
    return parser


def _page(name: str) -> Parser:
    """What reads the words of ``ps`` or ``traces show``, and tells of them with ``--help``."""
    examples = "\n".join(f"  {line}" for line in EXAMPLES[name])
    usages = {"exec": "SERVICE [--instance N] [options] -- CMD …", "traces": "[ACTION] [options]"}
    parser = Parser(
        name,
        description=description(name),
        epilog=f"examples:\n{examples}",
        usage=f"meshctl {name} {usages[name]}" if name in usages else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(suppress=True)],
        conflict_handler="resolve",  # down -v and logs -f mean what they mean in Compose
    )
    add = ARGUMENTS.get(name)
    if add is not None:
        add(parser)
    return parser


def _options(parser: Parser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]
