"""YAML text -> plain mappings, lists and scalars, with the line of every dotted path.

Built from parser events, so nothing is ever constructed that the text asks for by tag. Scalars follow YAML
1.2: ``yes``, ``on`` and ``22:22`` are text. An alias shares the value of its anchor; what a document grows
to when every alias is written out is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from meshctl.core.config.problems import item_path, key_path
from meshctl.core.config.scalars import WrittenFloat
from meshctl.errors import ConfigError

MAX_DEPTH = 64
MAX_VALUES = 100_000

NextEvent = Callable[[], Event]

_TAG = "tag:yaml.org,2002:"
_COLLECTION_TAGS = (None, "!", _TAG + "map", _TAG + "seq")
_TEXT_TAGS = ("!", _TAG + "str")
_SCALAR_TAGS = tuple(_TAG + name for name in ("null", "bool", "int", "float"))
_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,40}\.[0-9]{0,40}|\.[0-9]{1,40}|[0-9]{1,40}(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?\Z")


class _Anchor:
    """A finished anchored value: where it was written and how many values it stands for."""

    __slots__ = ("path", "value", "weight")

    def __init__(self, value: object, path: str, weight: int) -> None:
        self.value = value
        self.path = path
        self.weight = weight


class Tree:
    """``value`` is the document (None when empty); ``line(path)`` is 1-based, or None if nothing is known."""

    def __init__(self, text: str, file: str) -> None:
        """Raises ConfigError with file, line and path."""
        self._file = file
        self._text = text
        self._lines: dict[str, int] = {}
        self._elsewhere: dict[str, str] = {}
        self._anchors: dict[str, _Anchor] = {}
        self._path = ""
        self._weight = 0
        self.value = self._parse()

    def line(self, path: str) -> int | None:
        """The line of ``path`` where it was written (through anchors and merges), else of what is around it."""
        while True:
            if path in self._lines:
                return self._lines[path]
            moved = self._written_at(path)
            if moved:
                path = moved
            elif path:
                path = _around(path)
            else:
                return None

    def _written_at(self, path: str) -> str:
        prefix = path
        while prefix:
            if prefix in self._elsewhere:
                return self._elsewhere[prefix] + path[len(prefix) :]
            prefix = _around(prefix)
        return ""

    def _parse(self) -> object:
        try:
            next_event = _events(self._text)
            return self._document(next_event)
        except yaml.reader.ReaderError as error:
            raise self._unreadable(error) from None
        except yaml.MarkedYAMLError as error:
            raise self._malformed(error) from None
        except UnicodeEncodeError:
            raise self._fail("the file holds characters that are not text", None) from None

    def _document(self, next_event: NextEvent) -> object:
        value: object = None
        documents = 0
        while True:
            event = next_event()
            if isinstance(event, StreamEndEvent):
                return value
            if isinstance(event, (StreamStartEvent, DocumentEndEvent)):
                continue
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._path = ""
                    raise self._fail("the file holds more than one YAML document", event)
                continue
            value = self._node(event, next_event, "", 0)

    def _node(self, event: Event, next_event: NextEvent, path: str, depth: int) -> object:
        self._path = path
        self._count(1, event)
        if path not in self._lines:
            self._lines[path] = _line(event)
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        before = self._weight
        if isinstance(event, ScalarEvent):
            value = self._scalar(event)
        elif depth >= MAX_DEPTH:
            raise self._fail(f"nested deeper than {MAX_DEPTH} levels", event)
        else:
            value = self._collection(event, next_event, path, depth + 1)
        if isinstance(event, NodeEvent) and event.anchor:
            self._anchors[event.anchor] = _Anchor(value, path, self._weight - before + 1)
        return value

    def _collection(self, event: Event, next_event: NextEvent, path: str, depth: int) -> object:
        tag = event.tag if isinstance(event, CollectionStartEvent) else None
        if tag not in _COLLECTION_TAGS:
            raise self._fail(f"the YAML tag {tag} is not allowed", event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(next_event, path, depth)
        return self._sequence(next_event, path, depth)

    def _alias(self, event: AliasEvent, path: str) -> object:
        anchor = self._anchors.get(event.anchor or "")
        if anchor is None:
            raise self._fail(f"the alias *{event.anchor} has no anchor &{event.anchor} before it", event)
        self._count(anchor.weight, event)
        self._elsewhere[path] = anchor.path
        return anchor.value

    def _sequence(self, next_event: NextEvent, path: str, depth: int) -> list[object]:
        values: list[object] = []
        while not isinstance(event := next_event(), SequenceEndEvent):
            values.append(self._node(event, next_event, item_path(path, len(values)), depth))
        return values

    def _mapping(self, next_event: NextEvent, path: str, depth: int) -> dict[str, object]:
        own: dict[str, object] = {}
        while not isinstance(event := next_event(), MappingEndEvent):
            key = self._key(event, path)
            at = key_path(path, key)
            line = _line(event)
            if key in own:
                self._path = at
                raise self._fail(f"the key '{key}' is written twice (first in line {self._lines[at]})", event)
            self._lines[at] = line
            self._path = at
            own[key] = self._node(next_event(), next_event, at, depth)
        if "<<" not in own:
            return own
        return self._merged(own, path)

    def _key(self, event: Event, path: str) -> str:
        self._path = path
        if not isinstance(event, ScalarEvent):
            raise self._fail("a key must be plain text", event)
        if event.implicit[0] and event.value in _NULL:
            raise self._fail("a key is missing before ':'", event)
        return str(event.value)

    def _merged(self, own: dict[str, object], path: str) -> dict[str, object]:
        """``own`` with the mappings of ``<<`` under it; the first of several wins (YAML merge key)."""
        at = key_path(path, "<<")
        source = own.pop("<<")
        sources = source if isinstance(source, list) else [source]
        merged: dict[str, object] = {}
        for index, part in enumerate(sources):
            part_path = item_path(at, index) if isinstance(source, list) else at
            if not isinstance(part, dict):
                self._path = at
                raise ConfigError(
                    "'<<' takes a mapping or a list of mappings", file=self._file, line=self.line(at), path=at
                )
            for key, value in part.items():
                if key not in merged:
                    merged[key] = value
                    if key not in own:
                        self._elsewhere[key_path(path, key)] = key_path(part_path, key)
        merged.update(own)
        return merged

    def _scalar(self, event: ScalarEvent) -> object:
        value: str = event.value
        if event.tag is None:
            return _resolve(value) if event.implicit[0] else value
        if event.tag in _TEXT_TAGS:
            return value
        if event.tag in _SCALAR_TAGS:
            return _resolve(value)
        raise self._fail(f"the YAML tag {event.tag} is not allowed", event)

    def _count(self, weight: int, event: Event) -> None:
        self._weight += weight
        if self._weight > MAX_VALUES:
            raise self._fail(f"the file stands for more than {MAX_VALUES} values", event)

    def _fail(self, message: str, event: Event | None, *, hint: str = "") -> ConfigError:
        line = _line(event) if event is not None else None
        return ConfigError(message, file=self._file, line=line, path=self._path, hint=hint)

    def _malformed(self, error: yaml.MarkedYAMLError) -> ConfigError:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        rows = self._text.splitlines()
        row = rows[line - 1] if line is not None and line <= len(rows) else ""
        message, hint = _explain(str(error.problem or error.context or "not YAML"), row)
        return ConfigError(message, file=self._file, line=line, path=self._path, hint=hint)

    def _unreadable(self, error: yaml.reader.ReaderError) -> ConfigError:
        line = self._text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else 0
        return ConfigError(f"not a text file: it holds the control character {code:#04x}", file=self._file, line=line)


def _events(text: str) -> NextEvent:
    """A function that gives the next event; libyaml's parser when PyYAML was built with it."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return cast(NextEvent, CParser(text).get_event)
    return _python_events(text).__next__


def _python_events(text: str) -> Iterator[Event]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _resolve(value: str) -> object:
    if value in _NULL:
        return None
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    if _INT.match(value):
        return int(value)
    return WrittenFloat(value) if _FLOAT.match(value) else value


def _around(path: str) -> str:
    """The path of the collection that holds ``path``."""
    if path.endswith("]"):
        return path[: path.rfind("[")]
    return path[: max(path.rfind("."), 0)]


def _explain(problem: str, row: str) -> tuple[str, str]:
    indent = row[: len(row) - len(row.lstrip())]
    if "\t" in indent:
        return "a tab indents this line", "YAML indents with spaces."
    if "${" in row and ("{" in row.replace("${", "") or "[" in row):
        return f"not valid YAML: {problem}", "Inside { } and [ ] write a value with ${…} in quotes."
    if "mapping values are not allowed" in problem:
        return f"not valid YAML: {problem}", "Quote a value that holds ': ', and check the indentation."
    return f"not valid YAML: {problem}", ""
