"""A cursor over one mapping of the file: knows its path, its table of keys and where problems go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from meshctl.core.config.problems import Problems, Wrong, item_path, key_path
from meshctl.core.config.scalars import describe
from meshctl.core.config.table import Table
from meshctl.core.names import nearest

T = TypeVar("T")

_MAX_LISTED = 12


class Reader:
    """Reads one mapping by its table. A value that does not fit becomes a problem and the default."""

    def __init__(self, value: object, path: str, table: Table, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self._table = table
        self._values: Mapping[str, object] = {}
        if isinstance(value, dict):
            self._values = value
            self._check_keys()
        else:
            problems.add(path, f"expected a mapping, found {describe(value)}")
        self.usable = isinstance(value, dict)

    def at(self, key: str) -> str:
        """The dotted path of a key."""
        return key_path(self.path, key)

    def has(self, key: str) -> bool:
        """True if the key is written with a value; null counts as not written."""
        return self.raw(key) is not None

    def raw(self, key: str) -> object:
        """The value as it was written, None if it is not there. ``key`` must be in the table."""
        if key not in self._table.keys:
            raise KeyError(key)
        return self._values.get(key)

    def get(self, key: str, convert: Callable[[object], T], default: T) -> T:
        """The converted value; ``default`` when it is not there or does not fit."""
        value = self.raw(key)
        return default if value is None else self.converted(value, self.at(key), convert, default)

    def converted(self, value: object, path: str, convert: Callable[[object], T], default: T) -> T:
        """``convert(value)``; what it raises becomes a problem at ``path``."""
        try:
            return convert(value)
        except Wrong as wrong:
            self.problems.add_wrong(path, wrong)
            return default

    def child(self, key: str, table: Table) -> Reader:
        """A reader of the mapping under ``key``, empty when it is not there."""
        value = self.raw(key)
        return Reader({} if value is None else value, self.at(key), table, self.problems)

    def items(self, key: str) -> Iterator[tuple[object, str]]:
        """Each item of a list with its path."""
        value = self.raw(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong(key, f"expected a list, found {describe(value)}")
            return
        for index, item in enumerate(value):
            yield item, item_path(self.at(key), index)

    def entries(self, key: str) -> Iterator[tuple[str, object, str]]:
        """Each name, value and path of a mapping."""
        value = self.raw(key)
        if value is None:
            return
        if not isinstance(value, dict):
            self.wrong(key, f"expected a mapping, found {describe(value)}")
            return
        for name, item in value.items():
            yield name, item, key_path(self.at(key), name)

    def wrong(self, key: str, message: str, *, near: str = "", hint: str = "") -> None:
        """Note a problem at one key ('' for the mapping itself)."""
        self.problems.add(self.at(key) if key else self.path, message, nearest=near, hint=hint)

    def _check_keys(self) -> None:
        for key in self._values:
            if key not in self._table.keys and key not in self._table.ignored and not key.startswith("x-"):
                self._reject(key)
        for key in self._table.required:
            if self._values.get(key) is None:
                self.problems.add(self.path, f"'{key}' is missing")

    def _reject(self, key: str) -> None:
        table = self._table
        if key in table.unsupported:
            self.wrong(key, f"'{key}' is not supported yet by meshctl", hint="Remove it, or rename it to x-….")
            return
        near = nearest(key, table.keys) or nearest(key, (*table.ignored, *table.unsupported))
        hint = ""
        if not near and 0 < len(table.keys) <= _MAX_LISTED:
            hint = f"Known here: {', '.join(table.keys)}."
        self.wrong(key, f"unknown key '{key}'", near=near, hint=hint)
