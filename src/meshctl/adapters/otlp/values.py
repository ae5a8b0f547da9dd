"""Attributes of OTLP as Python mappings that are decoded when somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_PLAIN = frozenset({"string_value", "int_value", "bool_value", "double_value", "bytes_value"})


class LazyAttributes(Mapping[str, Any]):
    """The ``KeyValue`` list of a message as a mapping, decoded at the first read. Of equal keys the last one counts.

    Holds the message until then. A copy or a pickle is a plain dict.
    """

    __slots__ = ("_content",)

    def __init__(self, pairs: Iterable[KeyValue]) -> None:
        self._content: Iterable[KeyValue] | dict[str, Any] = pairs

    def _decoded(self) -> dict[str, Any]:
        # One slot, so that a thread sees either the message or the dict.
        content = self._content
        if isinstance(content, dict):
            return content
        self._content = data = decoded(content)
        return data

    def __getitem__(self, key: str) -> Any:
        return self._decoded()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded())

    def __len__(self) -> int:
        return len(self._decoded())

    def __contains__(self, key: object) -> bool:
        return key in self._decoded()

    def __repr__(self) -> str:
        return repr(self._decoded())

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self._decoded(),)


def decoded(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Every attribute as str, bool, int, float, bytes, list or dict; '' for a value that is not set."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def value_of(value: AnyValue) -> Any:
    """One value. The parser's own limit bounds how deep it can be nested."""
    kind = value.WhichOneof("value")
    if kind in _PLAIN:
        return getattr(value, kind)
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return decoded(value.kvlist_value.values) if kind == "kvlist_value" else ""
