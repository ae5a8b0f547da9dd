"""Health checks."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.model.config import AppProtocol, CheckKind, HealthCheck
from tests.core.config.parsing import service_of, wrong_service

HTTP = {"name": "http", "target": 8000, "app_protocol": "http"}
GRPC = {"name": "grpc", "target": 50051, "app_protocol": "grpc"}
REDIS = {"name": "redis", "target": 6379, "app_protocol": "tcp"}


def _check(check: dict[str, Any], *ports: object) -> HealthCheck:
    return service_of({"healthcheck": check, "ports": list(ports)}).healthcheck


def test_a_service_without_one_is_ready_when_it_runs() -> None:
    assert service_of({}).healthcheck == HealthCheck(kind=CheckKind.NONE)


def test_http() -> None:
    check = {"http": "/health?deep=1", "interval": "2s", "timeout": "500ms", "retries": 5, "start_period": "1m"}
    assert _check(check, GRPC, HTTP) == HealthCheck(
        kind=CheckKind.HTTP,
        path="/health?deep=1",
        port="http",
        interval_s=2.0,
        timeout_s=0.5,
        retries=5,
        start_period_s=60.0,
    )


@pytest.mark.parametrize(("word", "service"), [("", ""), (True, ""), ("users.v1.Users", "users.v1.Users")])
def test_grpc(word: object, service: str) -> None:
    assert _check({"grpc": word}, HTTP, GRPC) == HealthCheck(CheckKind.GRPC, port="grpc", grpc_service=service)


@pytest.mark.parametrize("word", [True, "true", ""])
def test_tcp(word: object) -> None:
    assert _check({"tcp": word}, REDIS, HTTP) == HealthCheck(CheckKind.TCP, port="redis")


@pytest.mark.parametrize(
    ("test", "argv"),
    [
        ("pg_isready -q", ("/bin/sh", "-c", "pg_isready -q")),
        (["CMD", "pg_isready", "-q"], ("pg_isready", "-q")),
        (["CMD-SHELL", "pg_isready | cat"], ("/bin/sh", "-c", "pg_isready | cat")),
    ],
)
def test_test(test: object, argv: tuple[str, ...]) -> None:
    assert _check({"test": test}) == HealthCheck(CheckKind.TEST, test=argv)


@pytest.mark.parametrize("check", [{"test": "NONE"}, {"test": ["NONE"]}, {"disable": True}, {"disable": "true"}])
def test_disabled(check: dict[str, Any]) -> None:
    assert _check(check).kind is CheckKind.NONE


@pytest.mark.parametrize("word", ["http", 8000, "8000"])
def test_a_port_by_name_or_number(word: object) -> None:
    assert _check({"http": "/", "port": word}, GRPC, HTTP).port == "http"


@pytest.mark.parametrize(("kind", "value"), [("http", "/health"), ("grpc", "")])
def test_a_check_tells_what_an_open_port_speaks(kind: str, value: str) -> None:
    """With Compose's short form the app_protocol is not written: it is known by the check."""
    spec = service_of({"healthcheck": {kind: value}, "ports": ["9090:80"]})
    assert spec.healthcheck.port == "80"
    assert spec.ports[0].app_protocol == AppProtocol(kind)


def test_a_written_protocol_stays() -> None:
    spec = service_of({"healthcheck": {"http": "/", "port": "redis"}, "ports": [REDIS]})
    assert spec.ports[0].app_protocol is AppProtocol.TCP


@pytest.mark.parametrize(
    ("check", "ports", "message", "key"),
    [
        ({"http": "/", "tcp": True}, [HTTP], "one of http, grpc, tcp and test, not http and tcp", ".tcp"),
        ({}, [], "needs one of http, grpc, tcp, test", ""),
        ({"interval": "1s"}, [], "needs one of http, grpc, tcp, test", ""),
        ({"http": "health"}, [HTTP], "expected a path such as /health", ".http"),
        ({"http": "/a b"}, [HTTP], "expected a path such as /health", ".http"),
        ({"http": True}, [HTTP], "expected text, found true", ".http"),
        ({"tcp": False}, [HTTP], "expected tcp: true", ".tcp"),
        ({"tcp": "redis"}, [REDIS], "expected true or false", ".tcp"),
        ({"tcp": True}, [], "the tcp healthcheck needs a port", ".tcp"),
        ({"http": "/"}, [GRPC], "needs a port with app_protocol: http", ".http"),
        ({"http": "/", "port": "htp"}, [HTTP], "no port of this service is named 'htp'", ".port"),
        ({"test": "true", "port": "http"}, [HTTP], "port does not go with test", ".port"),
        ({"test": []}, [], "expected a command line", ".test"),
        ({"test": ["pg_isready"]}, [], "expected a command line", ".test"),
        ({"test": ["CMD"]}, [], "expected a command line", ".test"),
        ({"test": ["CMD-SHELL", "a", "b"]}, [], "expected a command line", ".test"),
        ({"test": ""}, [], "expected a command, found nothing", ".test"),
        ({"test": {"a": 1}}, [], "expected a list", ".test"),
        ({"http": "/", "interval": 5}, [HTTP], "expected a duration", ".interval"),
        ({"http": "/", "interval": "0s"}, [HTTP], "above zero", ".interval"),
        ({"http": "/", "retries": 0}, [HTTP], "between 1 and 1000", ".retries"),
        ({"http": "/", "retris": 3}, [HTTP], "unknown key 'retris'", ".retris"),
        ([], [], "expected a mapping, found a list", ""),
        ("/health", [], "expected a mapping, found the text '/health'", ""),
    ],
)
def test_errors(check: Any, ports: list[object], message: str, key: str) -> None:
    error = wrong_service({"healthcheck": check, "ports": ports})
    assert message in str(error)
    assert error.path == "services.app.healthcheck" + key


def test_the_nearest_port_is_named() -> None:
    error = wrong_service({"healthcheck": {"http": "/", "port": "htp"}, "ports": [HTTP, GRPC]})
    assert error.nearest == "http"
    assert error.hint == "Its ports: http, grpc."


@pytest.mark.parametrize(
    ("written", "every_s", "timeout_s", "budget_s"),
    [
        ({}, 1.0, 30.0, 90.0),
        ({"interval": "1s"}, 1.0, 30.0, 3.0),
        ({"interval": "5s", "retries": 2, "start_period": "10s", "timeout": "1s"}, 5.0, 1.0, 20.0),
    ],
)
def test_what_is_not_written_is_as_in_compose(
    written: dict[str, Any], every_s: float, timeout_s: float, budget_s: float
) -> None:
    """But meshctl asks every second: who is ready sooner is seen sooner."""
    check = _check({"test": "true"} | written)
    assert (check.every_s, check.timeout_s, check.budget_s) == (every_s, timeout_s, budget_s)
