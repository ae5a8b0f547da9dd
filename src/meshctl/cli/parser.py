"""The words of the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from meshctl import __version__
from meshctl.cli.words import COMMANDS, EXAMPLES
from meshctl.core.names import nearest
from meshctl.errors import UsageError

#: Options that take the next word as their value, wherever they stand.
_VALUED = re.compile(r"--file|--project-name|--instance|-[hqv]*[fp]")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


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


def seconds(text: str) -> float:
    """``500ms``, ``2s``, ``1m30s``, or a plain number of seconds."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration such as 500ms, 2s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def replicas(text: str) -> tuple[str, int]:
    """``users=3``."""
    name, equals, count = text.partition("=")
    if not (name and equals and count.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not SERVICE=NUMBER, such as users=3")
    return name, int(count)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


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
    return _command(command).parse_args(rest, options)


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
    add = _ARGUMENTS.get(name)
    if add is not None:
        add(parser)
    return parser


def _timeout(parser: Parser, default: float, what: str) -> None:
    parser.add_argument("--timeout", type=seconds, default=default, metavar="120s", help=what)


def _services(parser: Parser, *, required: bool = False) -> None:
    parser.add_argument("services", nargs="+" if required else "*", metavar="SERVICE")


def _up(parser: Parser) -> None:
    _services(parser)
    parser.add_argument("--profile", action="append", default=[], help="also the services of this profile")
    parser.add_argument("--build", action="store_true", help="build images even if they are here")
    parser.add_argument("--dry-run", action="store_true", help="print the plan with its causes, do nothing")
    parser.add_argument("--scale", action="append", type=replicas, default=[], metavar="S=N")
    parser.add_argument("--ui", action="store_true", help="open the app when all is ready")
    _timeout(parser, 300.0, "give up after this long")


def _down(parser: Parser) -> None:
    parser.add_argument("-v", "--volumes", action="store_true", help="also the project's data")
    _timeout(parser, 120.0, "give up after this long")


def _lifecycle(parser: Parser) -> None:
    _services(parser)
    _timeout(parser, 120.0, "give up after this long")


def _scale(parser: Parser) -> None:
    parser.add_argument("replicas", nargs="+", type=replicas, metavar="SERVICE=N")
    _timeout(parser, 120.0, "give up after this long")


def _logs(parser: Parser) -> None:
    _services(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come, through restarts")
    parser.add_argument("--since", type=seconds, metavar="5m", help="only the last while")
    parser.add_argument("--tail", type=positive, metavar="N", help="only the last lines of each instance")
    parser.add_argument("--grep", metavar="REGEX", help="only lines that match")
    parser.add_argument("--trace", metavar="ID", help="only lines of this trace")


def _call(parser: Parser) -> None:
    parser.add_argument("service", metavar="SERVICE", help="its name in the registry")
    parser.add_argument("method", metavar="METHOD | pkg.Service/Method")
    parser.add_argument("path", nargs="?", metavar="PATH", help="with an HTTP method")
    parser.add_argument("-d", "--data", metavar="JSON", help="the body; @file reads a file, - standard input")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="K:V", help="may be repeated")
    parser.add_argument("--instance", default="", metavar="ID", help="this instance, or 'all'")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="so many times, one by one")
    _timeout(parser, 10.0, "give up after this long")


def _exec(parser: Parser) -> None:
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("--instance", type=positive, default=None, metavar="N", help="which one (default: the first)")


def _config(parser: Parser) -> None:
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of meshctl.yaml")


_ARGUMENTS = {
    "up": _up,
    "down": _down,
    "ps": _services,
    "start": _lifecycle,
    "stop": _lifecycle,
    "restart": _lifecycle,
    "pause": _lifecycle,
    "unpause": _lifecycle,
    "scale": _scale,
    "logs": _logs,
    "call": _call,
    "exec": _exec,
    "config": _config,
}
