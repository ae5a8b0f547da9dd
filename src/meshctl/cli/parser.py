"""The words of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from meshctl import __version__
from meshctl.cli.arguments import ARGUMENTS, TRACE_ACTIONS
from meshctl.cli.help_text import COMMANDS, EXAMPLES
from meshctl.core.names import nearest
from meshctl.errors import UsageError

#: Options that take the next word as their value, wherever they stand.
_VALUED = re.compile(r"--file|--project-name|--instance|-[hqv]*[fp]")


class Parser(argparse.ArgumentParser):
    """argparse that raises UsageError and knows near misses."""

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        choice = re.search(r"unrecognized arguments: (\S+)", message)
        if choice and choice[1].startswith("-"):
            word = choice[1].partition("=")[0]
            near = nearest(word, [option for action in self._actions for option in action.option_strings])
            hint = f"Did you mean {near}? See {self.prog} --help" if near else hint
        raise UsageError(message, hint=hint)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The namespace of one command; ``command`` '' means none. Raises UsageError; exits 0 for help and version."""
    before, command, rest = _split(argv)
    top = Parser("meshctl", add_help=False, allow_abbrev=False, parents=[_common(suppress=False)])
    top.add_argument("-h", "--help", action="store_true")
    options = top.parse_args(before)
    options.command = command
    if not command or options.help:
        return options
    if command not in COMMANDS:
        near = nearest(command, COMMANDS)
        raise UsageError(
            f"unknown command '{command}'",
            hint=f"Did you mean '{near}'?" if near else "meshctl --help lists the commands",
        )
    if command == "exec":
        rest, options.argv = _inner_command(rest)
    _command(command).parse_intermixed_args(rest, options)
    if command == "traces":
        _read_action(options)
    return options


def _read_action(options: argparse.Namespace) -> None:
    """The first word after ``traces`` says what to do with the others."""
    options.action, *options.ids = options.words or ["list"]
    if options.action not in TRACE_ACTIONS:
        near = nearest(options.action, TRACE_ACTIONS)
        hint = f"Did you mean '{near}'?" if near else f"meshctl traces show {options.action} shows one trace"
        raise UsageError(f"traces does not know '{options.action}'", hint=hint)


def _split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """Options before the first word that is none, that word ('' if there is none), and the rest."""
    words, index = list(argv), 0
    while index < len(words) and words[index].startswith("-") and words[index] != "--":
        index += 2 if _VALUED.fullmatch(words[index]) else 1
    return words[:index], words[index] if index < len(words) else "", words[index + 1 :]


def _inner_command(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What ``exec`` itself reads, and the command it runs, of which no word is touched."""
    before, service, rest = _split(argv)
    after, first, arguments = _split(rest)
    ours = [*before, *([service] if service else []), *after]
    return ours, arguments if first == "--" else [word for word in (first, *arguments) if first]


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


def _command(name: str) -> Parser:
    examples = "\n".join(f"  {line}" for line in EXAMPLES[name])
    parser = Parser(
        f"meshctl {name}",
        description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        epilog=f"examples:\n{examples}",
        usage="meshctl exec SERVICE [--instance N] [options] -- CMD …" if name == "exec" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(suppress=True)],
        allow_abbrev=False,
        conflict_handler="resolve",  # down -v and logs -f mean what they mean in Compose
    )
    add = ARGUMENTS.get(name)
    if add is not None:
        add(parser)
    return parser
