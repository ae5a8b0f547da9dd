"""The text of a ``.env`` file -> variables, by the rules of the Compose Specification's env files."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from meshctl.core.config.interpolate import interpolate
from meshctl.core.config.problems import Wrong

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[^\s=:#'\"]+)\s*(?:[=:](?P<value>.*))?\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_COMMENT = re.compile(r"(?:^|\s)#.*\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "$": "$$"}


class EnvFileWrong(Wrong):
    """A line of an env file that cannot be read; ``line`` is 1-based."""

    def __init__(self, wrong: Wrong, line: int) -> None:
        super().__init__(str(wrong), nearest=wrong.nearest, hint=wrong.hint)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    name: str
    value: str | None
    literal: bool


def parse_env(text: str, environ: Mapping[str, str], *, raw: bool = False) -> dict[str, str]:
    """Variables in the order of the file. ``environ`` is what ``${VAR}`` and a bare ``NAME`` look at first.

    Single quotes are literal, double quotes know ``\\n`` and may span lines, ``#`` after a blank starts a
    comment. With ``raw`` a value is taken as it stands. Raises EnvFileWrong.
    """
    found: dict[str, str] = {}
    lookup = ChainMap(dict(environ), found)
    for entry in _raw_entries(text) if raw else _entries(text):
        if entry.value is None:
            if entry.name in environ:
                found[entry.name] = environ[entry.name]
            continue
        found[entry.name] = entry.value if entry.literal else _expanded(entry, lookup)
    return found


def _expanded(entry: _Entry, environ: Mapping[str, str]) -> str:
    try:
        return interpolate(entry.value or "", environ)
    except Wrong as wrong:
        literal = Wrong(
            str(wrong), nearest=wrong.nearest, hint="Put the value in single quotes to keep a '$' as it is."
        )
        raise EnvFileWrong(literal, entry.line) from None


def _raw_entries(text: str) -> Iterator[_Entry]:
    for number, row in enumerate(text.splitlines(), 1):
        if row.strip() and not row.lstrip().startswith("#"):
            name, equals, value = row.partition("=")
            yield _Entry(number, _checked(name.strip(), number), value if equals else None, True)


def _entries(text: str) -> Iterator[_Entry]:
    rows = iter(enumerate(text.split("\n"), 1))
    for number, row in rows:
        row = row.rstrip("\r")
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        match = _LINE.match(row)
        if match is None:
            raise EnvFileWrong(Wrong("expected NAME=value"), number)
        name = _checked(match["name"], number)
        if match["value"] is None:
            yield _Entry(number, name, None, True)
            continue
        value = match["value"].strip()
        if value[:1] in ("'", '"'):
            yield _quoted(number, name, value, rows)
        else:
            yield _Entry(number, name, _COMMENT.sub("", value).rstrip(), False)


def _quoted(number: int, name: str, value: str, rows: Iterator[tuple[int, str]]) -> _Entry:
    quote, row = value[0], value[1:]
    inside: list[str] = []
    while (end := _closing_quote(row, quote)) < 0:
        inside.append(row)
        _, more = next(rows, (0, None))
        if more is None:
            raise EnvFileWrong(Wrong(f"the {quote} of {name} is not closed"), number)
        row = more.rstrip("\r")
    after = row[end + 1 :].strip()
    if after and not after.startswith("#"):
        raise EnvFileWrong(Wrong(f"unexpected text after the quotes of {name}"), number)
    text = "\n".join([*inside, row[:end]])
    if quote == "'":
        return _Entry(number, name, text, True)
    return _Entry(number, name, _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), text), False)


def _closing_quote(row: str, quote: str) -> int:
    at = 0
    while at < len(row):
        if row[at] == "\\" and quote == '"':
            at += 1
        elif row[at] == quote:
            return at
        at += 1
    return -1


def _checked(name: str, line: int) -> str:
    if not _NAME.match(name):
        raise EnvFileWrong(Wrong(f"'{name[:40]}' is not the name of a variable"), line)
    return name
