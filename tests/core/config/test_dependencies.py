"""Dependencies between services."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.config.dependencies import find_cycle
from meshctl.model.config import Condition, DependsOn, ServiceKind
from tests.core.config.parsing import config_of, wrong


def _document(**needs: Any) -> dict[str, Any]:
    return {"services": {name: {"image": "x", "depends_on": need} for name, need in needs.items()}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, ()),
        ([], ()),
        (["db"], (DependsOn("db"),)),
        (["db", "db"], (DependsOn("db"),)),
        ({"db": None}, (DependsOn("db"),)),
        ({"db": {}}, (DependsOn("db"),)),
        ({"db": {"condition": "service_healthy"}}, (DependsOn("db", Condition.HEALTHY),)),
        (
            {"db": {"condition": "service_started", "required": False}},
            (DependsOn("db", Condition.STARTED, required=False),),
        ),
        ({"gone": {"required": False}, "db": None}, (DependsOn("db"),)),
    ],
)
def test_forms(written: object, expected: tuple[DependsOn, ...]) -> None:
    assert config_of(_document(app=written, db=None)).services["app"].depends_on == expected


def test_healthy_without_a_healthcheck_is_fine() -> None:
    config = config_of(_document(app={"db": {"condition": "service_healthy"}}, db=None))
    assert config.services["app"].depends_on[0].condition is Condition.HEALTHY


@pytest.mark.parametrize(
    ("written", "path", "message"),
    [
        (["bd"], "depends_on[0]", "'app' depends on 'bd', which is no service here"),
        ({"bd": None}, "depends_on.bd", "'app' depends on 'bd', which is no service here"),
        ({"db": {"condition": "healthy"}}, "depends_on.db.condition", "expected one of service_started"),
        ({"db": {"conditions": "x"}}, "depends_on.db.conditions", "unknown key 'conditions'"),
        ({"db": {"restart": True}}, "depends_on.db.restart", "not supported yet"),
        ({"db": "service_healthy"}, "depends_on.db", "expected a mapping, found the text"),
        ("db", "depends_on", "expected a list, found the text 'db'"),
        ([[]], "depends_on[0]", "expected text, found a list"),
    ],
)
def test_errors(written: object, path: str, message: str) -> None:
    error = wrong(_document(app=written, db=None))
    assert message in str(error)
    assert error.path == f"services.app.{path}"


def test_the_nearest_service_is_named() -> None:
    assert wrong(_document(app=["postgre"], postgres=None)).nearest == "postgres"


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": ["a"]}, "a → a"),
        ({"a": ["b"], "b": ["a"]}, "a → b → a"),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, "a → b → c → a"),
        ({"a": {"b": {"condition": "service_healthy"}}, "b": ["a"]}, "a → b → a"),
    ],
)
def test_cycles_are_named(needs: dict[str, Any], cycle: str) -> None:
    assert str(wrong(_document(**needs))) == f"services depend on each other in a circle: {cycle}"


def test_a_diamond_is_no_cycle() -> None:
    assert find_cycle({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == ()


def test_a_long_chain_is_walked_without_recursion() -> None:
    chain = {str(n): [str(n + 1)] for n in range(5000)} | {"5000": []}
    assert find_cycle(chain) == ()
    assert len(find_cycle(chain | {"5000": ["0"]})) == 5002


@pytest.mark.parametrize(
    ("mesh", "kind"),
    [
        ({}, ServiceKind.JOB),
        ({"kind": "infrastructure"}, ServiceKind.INFRASTRUCTURE),
        ({"register": "migrate"}, ServiceKind.APPLICATION),
    ],
)
def test_what_another_waits_to_complete_is_a_job(mesh: dict[str, Any], kind: ServiceKind) -> None:
    document = _document(app={"migrate": {"condition": "service_completed_successfully"}}, migrate=None)
    document["services"]["migrate"]["mesh"] = mesh
    assert config_of(document).services["migrate"].kind is kind
