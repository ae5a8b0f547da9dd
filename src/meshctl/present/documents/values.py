"""Values of ``model/`` in full: their fields by name, both ways, by the types of the fields."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache, partial
from math import isfinite
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from meshctl.present.documents.reading import DocumentError, each, mapping, need, number, text, word

T = TypeVar("T")
Read = Callable[[Any], Any]

#: The only keys of objects that stand for what JSON has no words for. Any other object whose only key begins with
#: the sign stands in an object of the last.
_SIGN, _BYTES, _FLOAT, _OBJECT = "$", "$bytes", "$float", "$object"
_PLAIN = (str, int, bool, NoneType)
_NO_DEFAULT = object()


def data_of(value: Any) -> Any:
    """JSON data. Fields that are as they are by default are left out."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(value) if isfinite(value) else {_FLOAT: str(float(value))}
    if isinstance(value, list | tuple):
        return [data_of(item) for item in value]
    if isinstance(value, Mapping):
        data = {str(key): data_of(item) for key, item in value.items()}
        return {_OBJECT: data} if len(data) == 1 and next(iter(data)).startswith(_SIGN) else data
    if isinstance(value, bytes):
        return {_BYTES: b64encode(value).decode()}
    kind: Any = type(value)
    shown = ((name, getattr(value, name), default) for name, default in _defaults(kind).items())
    return {name: data_of(item) for name, item, default in shown if item != default}


def value_of(kind: type[T], data: Any) -> T:
    """What ``data_of`` was given; keys that are not known are passed over.

    Raises DocumentError for data that is no ``kind``.
    """
    known: Any = kind
    try:
        made: T = _reader(known)(data)
    except DocumentError as error:
        raise error.within(kind.__name__) from None
    except RecursionError:
        raise DocumentError(kind.__name__, "it is nested too deeply") from None
    return made


@cache
def _reader(kind: Any) -> Read:
    """What reads a value of this type."""
    if kind in _PLAIN:
        return partial(need, kind)
    if kind is float:
        return _float
    if kind is Any:
        return _any
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _union_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is not None and issubclass(origin, Mapping):
        read = _reader(arguments[1])
        return lambda data: mapping(_unsigned(data), read)
    return partial(word, kind)


def _dataclass_reader(kind: Any) -> Read:
    hints, defaults = get_type_hints(kind), _defaults(kind)
    known = [(name, _reader(hints[name]), default is _NO_DEFAULT) for name, default in defaults.items()]

    def read(data: Any) -> Any:
        made, given = {}, need(dict, data)
        for name, reader, needed in known:
            if name in given:
                try:
                    made[name] = reader(given[name])
                except DocumentError as error:
                    raise error.within(name) from None
            elif needed:
                raise DocumentError(name, "it is missing")
        return kind(**made)

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> Read:
    readers = [_reader(kind) for kind in kinds if kind is not Ellipsis]
    if kinds[-1] is Ellipsis:
        return lambda data: each(data, readers[0])

    def read(data: Any) -> tuple[Any, ...]:
        if len(need(list, data)) != len(readers):
            raise DocumentError("", f"{len(readers)} items expected, not {len(data)}")
        following = iter(readers)
        return each(data, lambda item: next(following)(item))

    return read


def _union_reader(kinds: tuple[Any, ...]) -> Read:
    """By the type of the data: null, plain values, and at most one kind of anything else."""
    plain = [kind for kind in kinds if kind in _PLAIN]
    other = _reader(next((kind for kind in kinds if kind not in _PLAIN), kinds[0]))
    return lambda data: data if type(data) in plain else other(data)


def _any(data: Any) -> Any:
    if isinstance(data, list):
        return [_any(item) for item in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {_FLOAT}:
        return _float(data)
    if data.keys() == {_BYTES}:
        try:
            return b64decode(text(data[_BYTES]), validate=True)
        except DocumentError:
            raise
        except ValueError:
            raise DocumentError("", "it is not in base64") from None
    return {key: _any(item) for key, item in need(dict, _unsigned(data)).items()}


def _float(data: Any) -> float:
    if isinstance(data, dict) and data.get(_FLOAT) in ("nan", "inf", "-inf"):
        return float(data[_FLOAT])
    return number(data)


def _unsigned(data: Any) -> Any:
    return data[_OBJECT] if isinstance(data, dict) and data.keys() == {_OBJECT} else data


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    """Of each field, in order."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} has no form in JSON")
    return {field.name: _default(field) for field in fields(kind)}


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _NO_DEFAULT if field.default is MISSING else field.default
