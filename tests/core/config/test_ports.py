"""Ports in short and long form."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.model.config import AppProtocol, PortSpec
from tests.core.config.parsing import config_of, service_of, wrong, wrong_service


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("80", PortSpec("80", 80)),
        (80, PortSpec("80", 80)),
        ("8080:80", PortSpec("80", 80, 8080)),
        ("127.0.0.1:8080:80", PortSpec("80", 80, 8080)),
        ("127.0.0.1::80", PortSpec("80", 80)),
        ("0.0.0.0:8080:80", PortSpec("80", 80, 8080, "0.0.0.0")),
        ("[::1]:8080:80", PortSpec("80", 80, 8080, "::1")),
        ("5353:53/udp", PortSpec("53", 53, 5353, protocol="udp")),
        ("0:80", PortSpec("80", 80)),
        ({"target": 80}, PortSpec("80", 80)),
        ({"target": "80", "published": "8080"}, PortSpec("80", 80, 8080)),
        ({"target": 80, "host_ip": "0.0.0.0"}, PortSpec("80", 80, None, "0.0.0.0")),
        ({"target": 80, "mode": "host"}, PortSpec("80", 80)),
        ({"name": "web", "target": 80}, PortSpec("web", 80)),
        ({"name": "http", "target": 80}, PortSpec("http", 80, app_protocol=AppProtocol.HTTP)),
        ({"target": 80, "app_protocol": "http"}, PortSpec("http", 80, app_protocol=AppProtocol.HTTP)),
        ({"name": "api", "target": 1, "app_protocol": "grpc"}, PortSpec("api", 1, app_protocol=AppProtocol.GRPC)),
    ],
)
def test_forms(written: object, expected: PortSpec) -> None:
    assert service_of({"ports": [written]}).ports == (expected,)


@pytest.mark.parametrize("written", ["80", {"target": 80}, "8080:80"])
def test_nothing_listens_beyond_this_machine_unless_written(written: object) -> None:
    assert service_of({"ports": [written]}).ports[0].host_ip == "127.0.0.1"


def test_derived_names_do_not_clash() -> None:
    ports: list[Any] = [
        {"target": 8000, "app_protocol": "http"},
        {"target": 8001, "app_protocol": "http"},
        "53",
        "53/udp",
    ]
    names = [port.name for port in service_of({"ports": ports}).ports]
    assert names == ["http", "8001", "53", "53-udp"]


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ("80", "expected a list"),
        ({"http": 80}, "expected a list"),
        (["http"], "expected a port such as"),
        (["80:"], "expected a port such as"),
        (["a:80"], "expected a port such as"),
        (["localhost:80:80"], "expected a port such as"),
        (["1:2:3:4"], "expected a port such as"),
        (["999999"], "between 1 and 65535"),
        (["70000:80"], "between 0 and 65535"),
        (["8000-8010:80"], "port ranges are not supported yet"),
        (["3000-3005"], "port ranges are not supported yet"),
        (["1.2.3:80:80"], "expected an IP address"),
        ([True], "expected a port such as"),
        ([None], "expected a port such as"),
        ([[]], "expected a port such as"),
        ([{}], "'target' is missing"),
        ([{"target": "http"}], "expected a whole number"),
        ([{"target": 0}], "between 1 and 65535"),
        ([{"target": 80, "published": "8000-8010"}], "port ranges"),
        ([{"target": 80, "host_ip": "localhost"}], "expected an IP address"),
        ([{"target": 80, "app_protocol": "htpp"}], "expected one of http, grpc, tcp"),
        ([{"target": 80, "protocol": "sctp"}], "expected one of tcp, udp"),
        ([{"target": 80, "name": "a b"}], "no name for a port"),
        ([{"target": 80, "targt": 80}], "unknown key 'targt'"),
        ([{"name": "a", "target": 1}, {"name": "a", "target": 2}], "two ports are named 'a'"),
        (["80", "81:80", "82:80"], "written twice"),
    ],
)
def test_errors(ports: object, message: str) -> None:
    error = wrong_service({"ports": ports})
    assert message in str(error)
    assert error.path.startswith("services.app.ports")


def test_the_nearest_protocol_is_named() -> None:
    assert wrong_service({"ports": [{"target": 80, "app_protocol": "htpp"}]}).nearest == "http"


def _two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"services": {"a": {"image": "a", **first}, "b": {"image": "b", **second}}}


def test_a_port_published_twice_in_the_file() -> None:
    error = wrong(_two({"ports": ["8080:80"]}, {"ports": ["81", "8080:81"]}))
    assert str(error) == "port 8080 is already published by 'a'"
    assert error.path == "services.b.ports[1].published"
    lines = {"services.a.ports[0].published": 5, "services.b.ports[1].published": 9}.get
    placed = wrong(_two({"ports": ["8080:80"]}, {"ports": ["81", "8080:81"]}), lines=lines)
    assert (placed.line, str(placed)) == (9, "port 8080 is already published by 'a' (line 5)")


def test_every_address_collides_with_one() -> None:
    assert "8080" in str(wrong(_two({"ports": ["0.0.0.0:8080:80"]}, {"ports": ["127.0.0.1:8080:80"]})))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ports": ["8080:80"]}, {"ports": ["8080:80/udp"]}),
        ({"ports": ["127.0.0.1:8080:80"]}, {"ports": ["127.0.0.2:8080:80"]}),
        ({"ports": ["8080:80"], "profiles": ["x"]}, {"ports": ["8080:80"], "profiles": ["y"]}),
        ({"ports": ["80"]}, {"ports": ["80"]}),
    ],
)
def test_ports_that_do_not_collide(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(config_of(_two(first, second)).services) == 2


def test_alternatives_in_one_profile_collide() -> None:
    first = {"ports": ["8080:80"], "profiles": ["x", "z"]}
    assert "8080" in str(wrong(_two(first, {"ports": ["8080:80"], "profiles": ["z"]})))


def test_replicas_cannot_share_a_published_port() -> None:
    error = wrong_service({"ports": ["8080:80"], "scale": 3})
    assert "3 replicas of 'app' cannot share the published port 8080" in str(error)
