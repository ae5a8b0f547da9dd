"""Checks a value against the part of JSON Schema that meshctl's schema uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    *("$schema", "title", "description", "$defs", "$ref", "anyOf", "enum", "type", "items"),
    *("properties", "patternProperties", "additionalProperties", "required"),
}


def errors(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "") -> list[str]:
    """What does not fit, as ``path: why``."""
    return list(_errors(value, schema, root, path))


def _errors(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        yield from _errors(value, _definition(schema["$ref"], root), root, path)
    if "anyOf" in schema and all(errors(value, one, root, path) for one in schema["anyOf"]):
        yield f"{path}: none of the forms"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: not {schema['type']}"
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _errors(item, schema["items"], root, f"{path}[{index}]")
    if isinstance(value, dict):
        yield from _object_errors(value, schema, root, path)


def _object_errors(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{path}: {key} is missing"
    for key, item in value.items():
        if key in schema.get("properties", {}):
            yield from _errors(item, schema["properties"][key], root, f"{path}.{key}")
        elif not any(re.search(pattern, key) for pattern in schema.get("patternProperties", ())):
            rest = schema.get("additionalProperties", {})
            if rest is False:
                yield f"{path}.{key}: unknown"
            elif rest:
                yield from _errors(item, rest, root, f"{path}.{key}")


def _definition(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = root["$defs"][reference.removeprefix("#/$defs/")]
    return found


def _is(value: Any, kinds: str | list[str]) -> bool:
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if isinstance(value, bool) and kind != "boolean":
            continue
        if isinstance(value, _TYPES[kind]):
            return True
    return False
