"""From registrations and containers to addresses, and the words for when there are none."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.resolve import (
    exact_endpoint,
    published_address,
    registered_address,
    registered_endpoints,
    unregistered_endpoints,
)
from meshctl.errors import CallError, NoHealthyInstance, UsageError
from meshctl.model.calls import CallRequest, Endpoint
from meshctl.model.containers import Container, ContainerState
from meshctl.model.registry import CheckStatus, Registration
from tests.builders import registration


def container(number: int = 1, state: ContainerState = ContainerState.RUNNING, **changes: Any) -> Container:
    values: dict[str, Any] = {
        "ports": {"http": f"127.0.0.1:900{number}", "grpc": f"127.0.0.1:950{number}"},
        "protocols": {"http": "http", "grpc": "grpc"},
    } | changes
    return Container(f"c{number}", f"shop-users-{number}", "users", number, state, **values)


def entry(number: int = 1, status: CheckStatus = CheckStatus.PASSING, **changes: Any) -> Registration:
    return registration(f"users-{number}", status, **changes)


def test_a_method_means_http() -> None:
    assert CallRequest("users", "GET", "/users/").protocol == "http"
    assert CallRequest("users", "", "users.v1.UserService/GetUser").protocol == "grpc"


def test_the_port_is_chosen_by_what_it_speaks() -> None:
    seen = container(ports={"admin": "h:1", "api": "h:2", "db": "h:3"}, protocols={"admin": "tcp", "api": "http"})
    assert published_address(seen, "http") == "h:2"
    assert published_address(seen, "grpc") == ""
    assert published_address(container(protocols={}), "grpc") == "127.0.0.1:9501"


def test_the_port_named_after_the_protocol_goes_first() -> None:
    seen = container(ports={"admin": "h:1", "http": "h:2"}, protocols={"admin": "http", "http": "http"})
    assert published_address(seen, "http") == "h:2"


def test_passing_instances_are_reached_through_their_published_ports() -> None:
    found = registered_endpoints("users", [entry(1), entry(2)], [container(1), container(2)], "grpc")
    assert found == (
        Endpoint("users", "users-1", "127.0.0.1:9501"),
        Endpoint("users", "users-2", "127.0.0.1:9502"),
    )


def test_only_passing_instances_that_run_are_offered() -> None:
    entries = [entry(1), entry(2, CheckStatus.WARNING), entry(3, CheckStatus.CRITICAL), entry(4)]
    containers = [container(1), container(2), container(3), container(4, ContainerState.PAUSED)]
    found = registered_endpoints("users", entries, containers, "http")
    assert [endpoint.instance for endpoint in found] == ["users-1"]


@pytest.mark.parametrize(
    ("registration", "protocol", "address"),
    [
        (entry(), "http", "172.18.0.2:8000"),
        (entry(meta={"grpc_port": "50051"}), "grpc", "172.18.0.2:50051"),
        (entry(tags=("grpc",)), "grpc", "172.18.0.2:8000"),
        (entry(tags=("grpc",)), "http", ""),
        (entry(tags=("grpc", "http"), meta={"http_port": "81"}), "http", "172.18.0.2:81"),
    ],
)
def test_an_instance_without_a_container_is_reached_where_it_registered(
    registration: Registration, protocol: str, address: str
) -> None:
    assert registered_address(registration, protocol) == address


@pytest.mark.parametrize(
    ("entries", "containers", "words", "hint"),
    [
        ([], [], "users is not created", "meshctl up users"),
        (
            [entry(1, CheckStatus.CRITICAL, output="Get http://x:\n timeout")],
            [container(1)],
            "users has no healthy instance: users-1 is critical: Get http://x: timeout",
            "meshctl logs users",
        ),
        (
            [entry(1)],
            [container(1, ContainerState.EXITED)],
            "users has no healthy instance: users-1 is exited",
            "meshctl start users",
        ),
        (
            [entry(9, CheckStatus.CRITICAL)],
            [container(1), container(2, ContainerState.PAUSED)],
            "users-1 is not registered; users-2 is paused; users-9 is critical",
            "meshctl ps",
        ),
    ],
)
def test_nobody_healthy_says_why(
    entries: list[Registration], containers: list[Container], words: str, hint: str
) -> None:
    with pytest.raises(NoHealthyInstance) as caught:
        registered_endpoints("users", entries, containers, "http")
    assert words in str(caught.value)
    assert hint in caught.value.hint


def test_a_protocol_nobody_publishes_is_named() -> None:
    with pytest.raises(CallError, match="users publishes no grpc port"):
        registered_endpoints("users", [entry()], [container(ports={"http": "h:1"})], "grpc")


def test_what_does_not_register_is_reached_directly() -> None:
    containers = [container(1), container(2, ContainerState.EXITED)]
    assert unregistered_endpoints("users", containers, "http") == (Endpoint("users", "users-1", "127.0.0.1:9001"),)
    with pytest.raises(NoHealthyInstance, match="users-2 is exited"):
        unregistered_endpoints("users", containers[1:], "http")


def test_the_asked_for_instance_is_reached_whatever_its_check_says() -> None:
    entries = [entry(1, CheckStatus.CRITICAL), entry(7)]
    asked = exact_endpoint("users", "users-1", entries, [container(1)], "http")
    assert asked == Endpoint("users", "users-1", "127.0.0.1:9001")
    foreign = exact_endpoint("users", "users-7", entries, [container(1)], "http")
    assert foreign.address == "172.18.0.2:8000"


def test_the_asked_for_instance_must_exist_and_run() -> None:
    with pytest.raises(UsageError, match="no instance 'users-9' of users") as caught:
        exact_endpoint("users", "users-9", [entry(2)], [container(1)], "http")
    assert caught.value.hint == "Did you mean users-1 or users-2?"
    with pytest.raises(NoHealthyInstance, match="users-1 is paused"):
        exact_endpoint("users", "users-1", [], [container(1, ContainerState.PAUSED)], "http")
