"""Reading JSON data by shape: what does not fit is told with its place."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import isfinite
from typing import Any, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

#: Characters of a place or of a problem that are told.
_MOST = 200
_NAMES = {bool: "true or false", int: "a whole number", str: "text", dict: "an object", list: "a list"}


class DocumentError(ValueError):
    """Data that is not the document it should be; ``path`` is where, such as ``[0].instances[2].state``."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path if len(path) <= _MOST else f"…{path[-_MOST:]}"
        self.problem = problem if len(problem) <= _MOST else f"{problem[:_MOST]}…"
        super().__init__(f"{self.path or 'the document'}: {self.problem}")

    def within(self, step: str) -> DocumentError:
        """The same of a larger document, in which ``step`` (``key`` or ``[0]``) leads to this one."""
        dot = "." if self.path and not self.path.startswith("[") else ""
        return DocumentError(f"{step}{dot}{self.path}", self.problem)


class Fields:
    """One JSON object. Every method raises DocumentError for a key that is missing or holds something else."""

    def __init__(self, data: Any) -> None:
        self._data: dict[str, Any] = need(dict, data)

    def has(self, key: str) -> bool:
        """Whether it is there and not null."""
        return self._data.get(key) is not None

    def read(self, key: str, reader: Callable[[Any], T]) -> T:
        """What ``reader`` makes of the value."""
        if key not in self._data:
            raise DocumentError(key, "it is missing")
        try:
            return reader(self._data[key])
        except DocumentError as error:
            raise error.within(key) from None

    def any(self, key: str) -> Any:
        return self.read(key, lambda data: data)

    def text(self, key: str) -> str:
        return self.read(key, text)

    def integer(self, key: str) -> int:
        return self.read(key, integer)

    def number(self, key: str) -> float:
        return self.read(key, number)

    def flag(self, key: str) -> bool:
        return self.read(key, lambda data: need(bool, data))

    def object(self, key: str) -> dict[str, Any]:
        """Whatever it holds."""
        return self.read(key, lambda data: need(dict, data))

    def word(self, key: str, kind: type[E]) -> E:
        """A value of ``kind``."""
        return self.read(key, lambda data: word(kind, data))

    def each(self, key: str, reader: Callable[[Any], T]) -> tuple[T, ...]:
        """What ``reader`` makes of each item of a list."""
        return self.read(key, lambda data: each(data, reader))

    def mapping(self, key: str, reader: Callable[[Any], T]) -> dict[str, T]:
        """What ``reader`` makes of each value of an object."""
        return self.read(key, lambda data: mapping(data, reader))


def each(data: Any, reader: Callable[[Any], T]) -> tuple[T, ...]:
    """What ``reader`` makes of each item of a list. Raises DocumentError."""
    made: list[T] = []
    try:
        for item in need(list, data):
            made.append(reader(item))
    except DocumentError as error:
        raise (error.within(f"[{len(made)}]") if isinstance(data, list) else error) from None
    return tuple(made)


def mapping(data: Any, reader: Callable[[Any], T]) -> dict[str, T]:
    """What ``reader`` makes of each value of an object. Raises DocumentError."""
    made: dict[str, T] = {}
    for name, item in need(dict, data).items():
        try:
            made[name] = reader(item)
        except DocumentError as error:
            raise error.within(name) from None
    return made


def need(kind: type[T], data: Any) -> T:
    """``data``, which must be of this JSON type. Raises DocumentError."""
    if type(data) is not kind:
        raise DocumentError("", f"{_NAMES.get(kind, kind.__name__)} expected, not {found(data)}")
    made: T = data
    return made


def text(data: Any) -> str:
    """Raises DocumentError."""
    return need(str, data)


def integer(data: Any) -> int:
    """Raises DocumentError."""
    return need(int, data)


def number(data: Any) -> float:
    """A finite number. Raises DocumentError."""
    try:
        value = float(data) if type(data) in (int, float) else None
    except OverflowError:
        value = None
    if value is None or not isfinite(value):
        raise DocumentError("", f"a number expected, not {found(data)}")
    return value


def word(kind: type[E], data: Any) -> E:
    """A value of ``kind``. Raises DocumentError."""
    try:
        return kind(data)
    except ValueError:
        raise DocumentError("", f"{found(data)} is no {kind.__name__}") from None


def found(data: Any) -> str:
    """What is there instead, in a few words."""
    if data is None:
        return "null"
    if isinstance(data, str):
        return f"'{data[:_MOST]}'"
    if isinstance(data, float) and not isfinite(data):
        return str(data)
    return _NAMES.get(type(data), "a number")
