"""Values of ``model/`` in full: their fields by name, both ways, by the types of the fields."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from meshctl.present.documents.reading import DocumentError, each, need, number, word

T = TypeVar("T")

#: The only keys of objects that stand for what JSON has no words for. Any other object whose only key begins with
#: the sign stands in an object of the last.
_SIGN, _BYTES, _FLOAT, _OBJECT = "$", "$bytes", "$float", "$object"
_NO_DEFAULT = object()
_PLAIN = (str, int, bool, NoneType)


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
        return {_OBJECT: data} if _is_signed(data) else data
    if isinstance(value, bytes):
        return {_BYTES: b64encode(value).decode()}
    kind: Any = type(value)
    shown = ((name, getattr(value, name), default) for name, (_, default) in _fields(kind).items())
    return {name: data_of(item) for name, item, default in shown if item != default}


def value_of(kind: type[T], data: Any) -> T:
    """What ``data_of`` was given; keys that are not known are passed over.

    Raises DocumentError for data that is no ``kind``.
    """
    try:
        made: T = _made(kind, data, kind.__name__)
    except RecursionError:
        raise DocumentError(kind.__name__, "it is nested too deeply") from None
    return made


def _made(kind: Any, data: Any, path: str) -> Any:
    if kind in _PLAIN:
        return need(kind, data, path)
    if kind is Any:
        return _any(data, path)
    if is_dataclass(kind):
        return _dataclass(kind, need(dict, data, path), path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(arguments, data, path)
    if origin is tuple:
        return _tuple(arguments, data, path)
    if origin is not None and issubclass(origin, Mapping):
        mapping = need(dict, _unsigned(data), path)
        return {key: _made(arguments[1], item, f"{path}.{key}") for key, item in mapping.items()}
    if kind is float:
        return _float(data, path)
    return word(kind, data, path)


def _dataclass(kind: Any, data: dict[str, Any], path: str) -> Any:
    known = _fields(kind)
    made = {name: _made(hint, data[name], f"{path}.{name}") for name, (hint, _) in known.items() if name in data}
    for name, (_, default) in known.items():
        if default is _NO_DEFAULT and name not in made:
            raise DocumentError(f"{path}.{name}", "it is missing")
    return kind(**made)


def _tuple(arguments: tuple[Any, ...], data: Any, path: str) -> tuple[Any, ...]:
    if arguments[-1] is Ellipsis:
        return tuple(each(data, path, lambda item, place: _made(arguments[0], item, place)))
    items = need(list, data, path)
    if len(items) != len(arguments):
        raise DocumentError(path, f"{len(arguments)} items expected, not {len(items)}")
    pairs = enumerate(zip(arguments, items, strict=True))
    return tuple(_made(kind, item, f"{path}[{index}]") for index, (kind, item) in pairs)


def _one_of(kinds: tuple[Any, ...], data: Any, path: str) -> Any:
    """By the type of the data: null, plain values, and at most one kind of anything else."""
    if type(data) in _PLAIN and type(data) in kinds:
        return data
    other = [kind for kind in kinds if kind not in _PLAIN]
    return _made((other or kinds)[0], data, path)


def _any(data: Any, path: str) -> Any:
    if isinstance(data, list):
        return [_any(item, path) for item in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {_FLOAT}:
        return _float(data, path)
    if data.keys() == {_BYTES}:
        try:
            return b64decode(need(str, data[_BYTES], path), validate=True)
        except ValueError:
            raise DocumentError(path, "it is not in base64") from None
    return {key: _any(item, path) for key, item in need(dict, _unsigned(data), path).items()}


def _float(data: Any, path: str) -> float:
    if isinstance(data, dict) and data.get(_FLOAT) in ("nan", "inf", "-inf"):
        return float(data[_FLOAT])
    return number(data, path)


def _is_signed(data: dict[str, Any]) -> bool:
    return len(data) == 1 and next(iter(data)).startswith(_SIGN)


def _unsigned(data: Any) -> Any:
    return data[_OBJECT] if isinstance(data, dict) and data.keys() == {_OBJECT} else data


@cache
def _fields(kind: Any) -> dict[str, tuple[Any, Any]]:
    """The type and the default of each field, in order."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} has no form in JSON")
    hints = get_type_hints(kind)
    return {
        field.name: (
            hints[field.name],
            _default(field),
        )
        for field in fields(kind)
    }


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _NO_DEFAULT if field.default is MISSING else field.default
