"""The schema and the parser read the same tables, and mean the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshctl.adapters.config_file.yaml_tree import Tree
from meshctl.core.config.keys import ROOT, TABLES
from meshctl.core.config.schema import json_schema
from meshctl.core.config.table import Table
from meshctl.present.documents.config import config_to_data
from tests.core.config.parsing import config_of, wrong
from tests.core.config.schema_check import errors
from tests.present.documents.test_config import DOCUMENT

SCHEMA = json_schema()
REPOSITORY = Path(__file__).resolve().parents[3]

#: Where each table stands in a file: a function from one mapping to a document that holds it.
PLACES: dict[str, Any] = {
    "root": lambda keys: {"services": {"app": {"image": "x"}}, **keys},
    "service": lambda keys: {"services": {"app": {"image": "x", **keys}}},
    "build": lambda keys: _service(build=keys),
    "env_file": lambda keys: _service(env_file=[{"path": "a.env", "required": False, **keys}]),
    "port": lambda keys: _service(ports=[{"target": 80, **keys}]),
    "dependency": lambda keys: _service(depends_on={"db": keys}),
    "healthcheck": lambda keys: _service(
        ports=["80"], healthcheck=keys if keys.keys() & {"grpc", "tcp", "test"} else {"http": "/", **keys}
    ),
    "mount": lambda keys: _service(volumes=[{"type": "bind", "source": ".", "target": "/x", **keys}]),
    "deploy": lambda keys: _service(deploy=keys),
    "resources": lambda keys: _service(deploy={"resources": keys}),
    "limits": lambda keys: _service(deploy={"resources": {"limits": keys}}),
    "mesh": lambda keys: _service(mesh=keys),
    "service_network": lambda keys: _service(networks={"default": keys}),
    "volume": lambda keys: {"services": {"app": {"image": "x"}}, "volumes": {"v": keys}},
    "network": lambda keys: {"services": {"app": {"image": "x"}}, "networks": {"n": keys}},
    "smoke": lambda keys: _smoke(keys),
    "expect": lambda keys: _smoke({"expect": keys}),
    "trace": lambda keys: _smoke({"trace": keys}),
}
ANYTHING = {("smoke", "data"), ("expect", "body")}


def _service(**keys: Any) -> dict[str, Any]:
    return {"services": {"app": {"image": "x", **keys}, "db": {"image": "x"}}}


def _smoke(keys: dict[str, Any]) -> dict[str, Any]:
    return _service() | {"smoke": [{"call": "app GET /", **keys}]}


def _every_key() -> Iterator[tuple[Table, str]]:
    for table in (ROOT, *TABLES):
        for key in table.keys:
            if (table.name, key) not in ANYTHING:
                yield table, key


def test_every_table_is_in_the_schema_with_exactly_its_keys() -> None:
    definitions = {**SCHEMA["$defs"], "root": SCHEMA}
    assert set(definitions) == {table.name for table in (ROOT, *TABLES)} == set(PLACES)
    for table in (ROOT, *TABLES):
        assert set(definitions[table.name]["properties"]) == set(table.keys) | table.ignored
        assert not set(table.keys) & (table.ignored | table.unsupported)


def test_it_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize(("table", "key"), _every_key(), ids=lambda part: getattr(part, "name", part))
def test_parser_and_schema_both_read_every_key(table: Table, key: str) -> None:
    """A value that no key takes is an error at that key, for the parser and by the schema."""
    nonsense: object = {"?": [["?"]]}
    document = PLACES[table.name]({key: nonsense})
    found = wrong(document)
    assert any(f".{key}" in f".{error.path}" for error in (found, *found.others))
    assert errors(document, SCHEMA, SCHEMA)


@pytest.mark.parametrize("table", [ROOT, *TABLES], ids=lambda table: table.name)
def test_both_reject_unknown_keys_and_take_extensions(table: Table) -> None:
    unknown = PLACES[table.name]({"no-such-key": 1})
    assert "unknown key 'no-such-key'" in str(wrong(unknown))
    assert errors(unknown, SCHEMA, SCHEMA)
    extended = PLACES[table.name]({"x-mine": {"a": 1}})
    assert config_of(extended).services
    assert errors(extended, SCHEMA, SCHEMA) == []


@pytest.mark.parametrize("table", [ROOT, *TABLES], ids=lambda table: table.name)
def test_both_know_what_is_required(table: Table) -> None:
    for key in table.required:
        document = PLACES[table.name]({key: None})
        found = wrong(document)
        assert any(f"'{key}' is missing" in str(error) for error in (found, *found.others))


@pytest.mark.parametrize("document", [DOCUMENT, config_to_data(config_of(DOCUMENT))], ids=["written", "resolved"])
def test_what_parses_fits_the_schema(document: dict[str, Any]) -> None:
    assert errors(document, SCHEMA, SCHEMA) == []


def test_the_bundled_stack_fits_the_schema() -> None:
    path = REPOSITORY / "meshctl.yaml"
    assert errors(Tree(path.read_text(), str(path)).value, SCHEMA, SCHEMA) == []
