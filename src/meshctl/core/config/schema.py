"""The JSON Schema of ``meshctl.yaml``, made from the same tables the parser reads."""

from __future__ import annotations

from typing import Any

from meshctl.core.config.keys import ROOT, TABLES
from meshctl.core.config.table import Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) as a JSON-able dict; editors complete and check the file with it."""
    return {
        "$schema": DIALECT,
        "title": "meshctl.yaml",
        **_object(ROOT),
        "$defs": {table.name: _object(table) for table in TABLES},
    }


def _object(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "properties": {key: dict(schema) for key, schema in table.keys.items()}
        | {key: {} for key in sorted(table.ignored)},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    if table.required:
        found["required"] = list(table.required)
    return found
