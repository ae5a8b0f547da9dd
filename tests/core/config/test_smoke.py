"""The checks under ``smoke:``."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.model.config import SmokeCheck
from tests.core.config.parsing import config_of, wrong


def _document(*checks: object) -> dict[str, Any]:
    services = {
        "orders": {"image": "x", "mesh": {"register": "orders-api"}},
        "users": {"image": "x", "mesh": {"register": "users"}},
    }
    return {"services": services, "smoke": list(checks)}


def test_a_whole_check() -> None:
    check = {
        "name": "an order is accepted",
        "call": "orders  POST /orders/",
        "data": {"user_id": 1, "items": [{"sku": "espresso"}]},
        "expect": {"status": 201, "body": {"status": "confirmed"}, "within": "2s", "headers": {"x-a": 1}},
        "trace": {"services": ["orders-api", "users"], "no_errors": True, "within": "500ms"},
    }
    assert config_of(_document(check)).smoke == (
        SmokeCheck(
            name="an order is accepted",
            call="orders POST /orders/",
            data={"user_id": 1, "items": [{"sku": "espresso"}]},
            expect={"status": 201, "headers": {"x-a": "1"}, "within": 2.0, "body": {"status": "confirmed"}},
            trace={"services": ["orders-api", "users"], "no_errors": True, "within": 0.5},
        ),
    )


@pytest.mark.parametrize(
    "call", ["users GET /users/1?x=y", "orders-api DELETE /", "users users.v1.UserService/GetUser", "users S/M"]
)
def test_the_least_check_is_named_after_its_call(call: str) -> None:
    assert config_of(_document({"call": call})).smoke == (SmokeCheck(name=call, call=call),)


@pytest.mark.parametrize(
    ("written", "status"), [(201, 201), ("404", 404), ("NOT_FOUND", "NOT_FOUND"), ([200, "OK"], [200, "OK"])]
)
def test_statuses(written: object, status: object) -> None:
    config = config_of(_document({"call": "users GET /", "expect": {"status": written}}))
    assert config.smoke[0].expect == {"status": status}


@pytest.mark.parametrize(
    ("check", "path", "message"),
    [
        ({}, "", "'call' is missing"),
        ("users GET /", "", "expected a mapping, found the text"),
        ({"call": "users"}, ".call", "expected 'SERVICE METHOD /path' or"),
        ({"call": "users GET users"}, ".call", "expected 'SERVICE METHOD /path' or"),
        ({"call": "users FETCH /x"}, ".call", "expected 'SERVICE METHOD /path' or"),
        ({"call": "users GetUser"}, ".call", "expected 'SERVICE METHOD /path' or"),
        ({"call": "user GET /"}, ".call", "no service is registered or named 'user'"),
        ({"call": ["users"]}, ".call", "expected text, found a list"),
        ({"call": "users GET /", "expct": {}}, ".expct", "unknown key 'expct'"),
        ({"call": "users GET /", "expect": {"code": 1}}, ".expect.code", "unknown key 'code'"),
        ({"call": "users GET /", "expect": {"status": 99}}, ".expect.status", "expected a status"),
        ({"call": "users GET /", "expect": {"status": "ok"}}, ".expect.status", "expected a status"),
        ({"call": "users GET /", "expect": {"within": 2}}, ".expect.within", "expected a duration"),
        ({"call": "users GET /", "expect": {"headers": []}}, ".expect.headers", "expected a mapping"),
        ({"call": "users GET /", "trace": {"services": ["usrs"]}}, ".trace.services[0]", "named 'usrs'"),
        ({"call": "users GET /", "trace": {"no_errors": "perhaps"}}, ".trace.no_errors", "true or false"),
    ],
)
def test_errors(check: object, path: str, message: str) -> None:
    error = wrong(_document(check))
    assert message in str(error)
    assert error.path == f"smoke[0]{path}"


@pytest.mark.parametrize(
    ("call", "nearest"), [("user GET /", "users"), ("users get /x", "GET"), ("users Pots /x", "POST")]
)
def test_the_nearest_word_is_named(call: str, nearest: str) -> None:
    assert wrong(_document({"call": call})).nearest == nearest


def test_names_are_unique() -> None:
    check = {"name": "n", "call": "users GET /"}
    assert str(wrong(_document(check, check))) == "two checks are named 'n'"


def test_smoke_is_a_list() -> None:
    error = wrong(_document() | {"smoke": {"name": "x"}})
    assert (str(error), error.path) == ("expected a list, found a mapping", "smoke")
