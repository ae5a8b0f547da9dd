"""``${VAR}`` in values, by the Compose Specification's rules; a variable that is not there is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from meshctl.core.config.mask import is_secret_name, url_passwords
from meshctl.core.config.problems import Problems, Wrong, item_path, key_path
from meshctl.core.names import nearest

MAX_NESTING = 16

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_BRACE = re.compile(r"\$\$|\$\{|\}")
_ESCAPE_HINT = "Write $$ for a dollar sign."


def interpolate(
    text: str, environ: Mapping[str, str], secrets: set[str] | None = None, unset: set[str] | None = None
) -> str:
    """``text`` with its variables replaced; values put in are not read again. Raises Wrong.

    ``$VAR``, ``${VAR}``, ``:-`` and ``-`` (default), ``:?`` and ``?`` (required, with a message), ``:+`` and
    ``+`` (alternative), ``$$`` (a dollar sign). Values of secret-looking variables are added to ``secrets``.
    With ``unset`` a variable that is not there is added to it, and stands for nothing.
    """
    if "$" not in text:
        return text
    return _Interpolation(environ, set() if secrets is None else secrets, unset).run(text, 0)


class _Interpolation:
    def __init__(self, environ: Mapping[str, str], secrets: set[str], unset: set[str] | None) -> None:
        self._environ = environ
        self._secrets = secrets
        self._unset = unset

    def run(self, text: str, depth: int) -> str:
        if depth > MAX_NESTING:
            raise Wrong(f"${{…}} is nested deeper than {MAX_NESTING} levels")
        return "".join(self._pieces(text, depth))

    def _pieces(self, text: str, depth: int) -> Iterator[str]:
        at = 0
        while (dollar := text.find("$", at)) >= 0:
            yield text[at:dollar]
            following = text[dollar + 1 : dollar + 2]
            if following == "$":
                yield "$"
                at = dollar + 2
            elif following == "{":
                end = _closing_brace(text, dollar + 2)
                yield self._braced(text[dollar + 2 : end], depth)
                at = end + 1
            else:
                match = _NAME.match(text, dollar + 1)
                if match is None:
                    raise Wrong(f"'${following}' is no variable", hint=_ESCAPE_HINT)
                yield self._required(match[0], f"missing env variable {match[0]}")
                at = match.end()
        yield text[at:]

    def _braced(self, inside: str, depth: int) -> str:
        match = _NAME.match(inside)
        if match is None:
            raise Wrong(f"'${{{inside}}}' names no variable", hint=_ESCAPE_HINT)
        name, rest = match[0], inside[match.end() :]
        if not rest:
            return self._required(name, f"missing env variable {name}")
        operator = _OPERATOR.match(rest)
        if operator is None:
            raise Wrong(f"'{rest[:2]}' after '${{{name}' is not understood", hint="Known: :- - :? ? :+ +")
        return self._operated(name, operator[0], rest[operator.end() :], depth)

    def _operated(self, name: str, operator: str, word: str, depth: int) -> str:
        """``operator`` is ``-``, ``?`` or ``+``, after a colon when an empty value counts as not set."""
        value = self._environ.get(name)
        there = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("+"):
            return self._noted(name, self.run(word, depth + 1)) if there else ""
        if there:
            return self._noted(name, value or "")
        if operator.endswith("-"):
            return self._noted(name, self.run(word, depth + 1))
        if self._unset is not None:
            self._unset.add(name)
            return ""
        said = self.run(word, depth + 1).strip()
        raise Wrong(f"missing env variable {name}" + (f": {said}" if said else ""), hint=_set_hint(name))

    def _required(self, name: str, message: str) -> str:
        value = self._environ.get(name)
        if value is None and self._unset is not None:
            self._unset.add(name)
            return ""
        if value is None:
            raise Wrong(message, nearest=nearest(name, self._environ), hint=_set_hint(name))
        return self._noted(name, value)

    def _noted(self, name: str, value: str) -> str:
        if value and is_secret_name(name):
            self._secrets.add(value)
        self._secrets.update(url_passwords(value))
        return value


def interpolate_tree(
    value: object,
    path: str,
    environ: Mapping[str, str],
    problems: Problems,
    unset: dict[str, set[str]] | None = None,
) -> object:
    """The tree with every text interpolated; what is wrong goes to ``problems``. Shared parts stay shared.

    With ``unset`` variables that are not there are no problem: it gets the paths of what needs them, and their names.
    """
    return _Walk(environ, problems, unset).visit(value, path)


class _Walk:
    def __init__(self, environ: Mapping[str, str], problems: Problems, unset: dict[str, set[str]] | None) -> None:
        self._environ = environ
        self._problems = problems
        self._unset = unset
        self._done: dict[int, object] = {}

    def visit(self, value: object, path: str) -> object:
        if isinstance(value, str):
            return self._text(value, path) if "$" in value else value
        if not isinstance(value, (dict, list)):
            return value
        known = self._done.get(id(value))
        if known is not None:
            return known
        new: dict[str, object] | list[object]
        if isinstance(value, dict):
            new = {key: self.visit(item, key_path(path, key)) for key, item in value.items()}
        else:
            new = [self.visit(item, item_path(path, index)) for index, item in enumerate(value)]
        if self._unset is None:  # else each use of a shared part has to be told by its own path
            self._done[id(value)] = new
        return new

    def _text(self, value: str, path: str) -> str:
        unset: set[str] | None = None if self._unset is None else set()
        try:
            return interpolate(value, self._environ, self._problems.secrets, unset)
        except Wrong as wrong:
            self._problems.add_wrong(path, wrong)
            return ""
        finally:
            if self._unset is not None and unset:
                self._unset[path] = unset


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for match in _BRACE.finditer(text, start):
        if match[0] == "${":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    raise Wrong("'${' is not closed with '}'", hint=_ESCAPE_HINT)


def _set_hint(name: str) -> str:
    return f"Set {name} in the shell or in .env beside the file, or write a default: ${{{name}:-…}}."
