"""Values of the file -> Python values. Every function raises Wrong when the value does not fit."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from meshctl.core.config.problems import Wrong
from meshctl.core.names import nearest

T = TypeVar("T")

NO_TEXTS: tuple[str, ...] = ()
NO_PAIRS: Mapping[str, str | None] = {}

_TRUE = ("true", "yes", "on", "y", "t", "1")
_FALSE = ("false", "no", "off", "n", "f", "0")
_SHOWN = 40


class WrittenFloat(float):
    """A number that remembers its text: as an environment value ``1.10`` stays ``1.10``."""

    def __new__(cls, text: str) -> WrittenFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text


def describe(value: object) -> str:
    """What a value is, for "expected …, found …"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        shown = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
        return f"the text {shown!r}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else type(value).__name__


def text(value: object) -> str:
    """Text, or a number as it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Wrong(f"expected text, found {describe(value)}")


def filled(value: object) -> str:
    """Text that is not empty."""
    found = text(value)
    if not found.strip():
        raise Wrong("expected text, found nothing")
    return found


def setting(value: object) -> str:
    """The value of an environment variable, label or build argument: text, number, true or false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def boolean(value: object) -> bool:
    """true or false, also as text (after ``${…}``)."""
    if isinstance(value, bool):
        return value
    word = str(value).lower() if isinstance(value, (str, int)) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Wrong(f"expected true or false, found {describe(value)}")


def integer(low: int, high: int) -> Callable[[object], int]:
    """A converter to a whole number between ``low`` and ``high``, also from text (after ``${…}``)."""

    def convert(value: object) -> int:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
            number = int(value)
        if number is None:
            raise Wrong(f"expected a whole number, found {describe(value)}")
        if not low <= number <= high:
            raise Wrong(f"expected a number between {low} and {high}, found {number}")
        return number

    return convert


port_number = integer(1, 65535)


def positive_number(value: object) -> float:
    """A number of at least 0, also from text (after ``${…}``)."""
    number: float | None = None
    if (isinstance(value, (int, float)) and not isinstance(value, bool)) or (
        isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value.strip())
    ):
        number = float(value)
    if number is None or not 0 <= number < 1e9:
        raise Wrong(f"expected a number of at least 0, found {describe(value)}")
    return number


def choice(words: Iterable[str]) -> Callable[[object], str]:
    """A converter to one of ``words``."""
    known = tuple(words)

    def convert(value: object) -> str:
        word = text(value)
        if word not in known:
            raise Wrong(f"expected one of {', '.join(known)}, found '{word}'", nearest=nearest(word, known))
        return word

    return convert


def listed(each: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """A converter of a list whose items ``each`` converts."""

    def convert(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Wrong(f"expected a list, found {describe(value)}")
        return tuple(_inside(f"[{index}]", each, item) for index, item in enumerate(value))

    return convert


def mapped(each: Callable[[object], T]) -> Callable[[object], dict[str, T]]:
    """A converter of a mapping whose values ``each`` converts."""

    def convert(value: object) -> dict[str, T]:
        if not isinstance(value, dict):
            raise Wrong(f"expected a mapping, found {describe(value)}")
        return {str(key): _inside(f".{key}", each, item) for key, item in value.items()}

    return convert


texts = listed(text)


def one_or_more(each: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    """A converter of a list of texts, or of one."""
    return lambda value: (each(value),) if isinstance(value, str) else listed(each)(value)


def words(value: object) -> tuple[str, ...]:
    """An argument vector: a list, or one string split as a shell would."""
    if not isinstance(value, str):
        return listed(setting)(value)
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise Wrong(f"cannot be split into words: {str(error).lower()}") from None


def pairs(value: object) -> dict[str, str | None]:
    """A mapping, or a list of ``NAME=value``; None where no value is written (Compose: from the shell)."""
    if isinstance(value, dict):
        return mapped(_setting_or_none)(value)
    if isinstance(value, list):
        return dict(listed(_pair)(value))
    raise Wrong(f"expected a mapping or a list of NAME=value, found {describe(value)}")


def _setting_or_none(value: object) -> str | None:
    return None if value is None else setting(value)


def _pair(value: object) -> tuple[str, str | None]:
    key, equals, written = text(value).partition("=")
    if not key.strip():
        raise Wrong(f"expected NAME=value, found {describe(value)}")
    return key.strip(), written if equals else None


def _inside(step: str, each: Callable[[object], T], item: object) -> T:
    try:
        return each(item)
    except Wrong as wrong:
        raise wrong.inside(step) from None
