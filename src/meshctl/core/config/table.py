"""Tables of keys, and the JSON Schema of their values: durations, sizes, lists, mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The keys of one kind of mapping. ``name`` is its name in the schema, keys map to JSON Schema."""

    name: str
    keys: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    ignored: frozenset[str] = field(default_factory=frozenset)
    unsupported: frozenset[str] = field(default_factory=frozenset)


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def ref(name: str, description: str = "") -> Schema:
    found: dict[str, Any] = {"$ref": f"#/$defs/{name}"}
    return found | {"description": description} if description else found


def text(description: str, **more: Any) -> Schema:
    return {"type": ["string", "number"], "description": description, **more}


def flag(description: str) -> Schema:
    return {"type": ["boolean", "string"], "description": description}


def number(description: str) -> Schema:
    return {"type": ["number", "string"], "description": description}


def list_of(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def map_of(values: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": description}


def any_of(description: str, *schemas: Schema) -> Schema:
    return {"anyOf": list(schemas), "description": description}


ANY: Schema = {}
NULL: Schema = {"type": "null"}
STRINGS: Schema = {"type": "array", "items": {"type": ["string", "number"]}}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
PAIRS = any_of("a mapping, or a list of KEY=value", map_of(SCALAR, "KEY: value"), STRINGS)
WORDS = any_of("a list of arguments, or a command line", {"type": "string"}, STRINGS, NULL)
ONE_OR_MORE = any_of("one, or a list", {"type": "string"}, STRINGS)
DURATION = text("a duration: 500ms, 1s, 1m30s")
SIZE = text("bytes: 512m, 1g")


def nullable(name: str) -> Schema:
    return {"anyOf": [ref(name), NULL]}
