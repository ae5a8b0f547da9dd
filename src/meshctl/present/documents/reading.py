"""Reading JSON data by shape: what does not fit is told with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        problem = problem if len(problem) <= _MOST else f"{problem[:_MOST]}…"
        super().__init__(f"{self.path or 'the document'}: {problem}")


class Fields:
    """One JSON object. Its methods raise DocumentError for a key that is missing or holds something else."""

    def __init__(self, data: Any, path: str = "") -> None:
        self.path = path
        self._data: dict[str, Any] = need(dict, data, path)

    def has(self, key: str) -> bool:
        """Whether it is there and not null."""
        return self._data.get(key) is not None

    def place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def raw(self, key: str) -> Any:
        if key not in self._data:
            raise DocumentError(self.place(key), "it is missing")
        return self._data[key]

    def text(self, key: str) -> str:
        return need(str, self.raw(key), self.place(key))

    def integer(self, key: str) -> int:
        return need(int, self.raw(key), self.place(key))

    def number(self, key: str) -> float:
        """A finite one; whole numbers are taken too."""
        return number(self.raw(key), self.place(key))

    def flag(self, key: str) -> bool:
        return need(bool, self.raw(key), self.place(key))

    def word(self, key: str, kind: type[E]) -> E:
        """A value of ``kind``."""
        return word(kind, self.raw(key), self.place(key))

    def child(self, key: str) -> Fields:
        return Fields(self.raw(key), self.place(key))

    def objects(self, key: str) -> Iterator[Fields]:
        """Each object of a list."""
        return objects(self.raw(key), self.place(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of text."""
        return tuple(each(self.raw(key), self.place(key), lambda data, path: need(str, data, path)))

    def mapping(self, key: str, kind: type[T]) -> dict[str, T]:
        """An object whose values are all of one JSON type, or ``object`` for any."""
        found = need(dict, self.raw(key), self.place(key))
        if kind is object:
            return found
        return {name: need(kind, value, f"{self.place(key)}.{name}") for name, value in found.items()}


def objects(data: Any, path: str = "") -> Iterator[Fields]:
    """Each object of a list. Raises DocumentError."""
    return each(data, path, Fields)


def each(data: Any, path: str, read: Callable[[Any, str], T]) -> Iterator[T]:
    """What ``read`` makes of each item of a list and its place. Raises DocumentError."""
    for index, item in enumerate(need(list, data, path)):
        yield read(item, f"{path}[{index}]")


def need(kind: type[T], data: Any, path: str) -> T:
    """``data``, which must be of this JSON type. Raises DocumentError."""
    if type(data) is not kind:
        raise DocumentError(path, f"{_NAMES.get(kind, kind.__name__)} expected, not {found(data)}")
    made: T = data
    return made


def number(data: Any, path: str) -> float:
    """A finite number. Raises DocumentError."""
    try:
        value = float(data) if type(data) in (int, float) else None
    except OverflowError:
        value = None
    if value is None or not isfinite(value):
        raise DocumentError(path, f"a number expected, not {found(data)}")
    return value


def word(kind: type[E], data: Any, path: str) -> E:
    """A value of ``kind``. Raises DocumentError."""
    try:
        return kind(data)
    except ValueError:
        raise DocumentError(path, f"{found(data)} is no {kind.__name__}") from None


def found(data: Any) -> str:
    """What is there instead, in a few words."""
    if data is None:
        return "null"
    if isinstance(data, str):
        return f"'{data[:_MOST]}'"
    return _NAMES.get(type(data), "a number")
