"""From a service to a request, and what counts as a change of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.plan.digest import change_words, changed_settings, config_hash
from meshctl.core.plan.request import container_request
from meshctl.model import containers as labels
from meshctl.model.config import BuildSpec, DependsOn, HealthCheck, MeshSpec, Mount
from tests.builders import application, container, mesh_config


def test_a_request_carries_names_labels_and_the_environment_of_the_mesh() -> None:
    users = application("users", environment={"A": "1", "MESH_FAULTS": "0"}, mounts=(Mount("volume", "data", "/d"),))
    request = container_request(mesh_config(users, volumes={"data": ""}), users, 2)
    assert (request.name, request.hostname, request.aliases) == ("shop-users-2", "users-2", ("users", "users-2"))
    assert request.image == "shop-users:latest"
    assert request.networks == ("shop_default",)
    assert request.mounts == (Mount("volume", "shop_data", "/d"),)
    assert request.environment == {
        "A": "1",
        "MESH_PROJECT": "shop",
        "MESH_SERVICE": "users",
        "MESH_INSTANCE": "users-2",
        "MESH_FAULTS": "0",
    }
    assert request.labels[labels.LABEL_REGISTER] == "users"
    assert request.labels[labels.LABEL_CONFIG_HASH] == config_hash(users)
    assert request.labels[labels.LABEL_IMAGE] == "shop-users:latest"
    assert json.loads(request.labels[labels.LABEL_PORTS]) == [{"name": "http", "target": 8000, "app_protocol": "http"}]


def test_labels_of_the_file_cannot_replace_those_that_tell_whose_it_is() -> None:
    users = application("users", labels={labels.LABEL_SERVICE: "evil", "team": "a"})
    made = container_request(mesh_config(users), users, 1).labels
    assert (made[labels.LABEL_SERVICE], made["team"]) == ("users", "a")


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 3},
        {"depends_on": (DependsOn("db"),)},
        {"healthcheck": HealthCheck()},
        {"profiles": ("x",)},
        {"build": BuildSpec("/elsewhere")},
        {"mesh": MeshSpec(register="users", metrics="/m", openapi="/o")},
    ],
)
def test_what_is_not_in_a_container_does_not_change_it(change: dict[str, Any]) -> None:
    users = application("users")
    assert config_hash(replace(users, **change)) == config_hash(users)


@pytest.mark.parametrize(
    "change", [{"command": ("x",)}, {"environment": {"A": ""}}, {"mem_limit": 1}, {"mesh": MeshSpec("u")}]
)
def test_what_is_in_a_container_changes_it(change: dict[str, Any]) -> None:
    users = application("users")
    assert config_hash(replace(users, **change)) != config_hash(users)


def test_the_hash_does_not_depend_on_the_order_of_the_file() -> None:
    users = application("users")
    assert config_hash(replace(users, environment={"A": "1", "B": "2"})) == config_hash(
        replace(users, environment={"B": "2", "A": "1"})
    )


def test_changed_settings_are_named_without_their_values() -> None:
    before = application("users", environment={"A": "secret", "B": "1", "C": "1"}, command=("x",))
    made = container(mesh_config(before), "users")
    after = replace(before, environment={"A": "other", "B": "1", "D": "1"}, command=None)
    assert changed_settings(after, made) == ("command", "environment.A", "environment.C", "environment.D")
    assert change_words(after, made) == ("configuration changed: command, environment.A, environment.C and 1 more")
    assert "secret" not in str(made.labels)


@pytest.mark.parametrize("label", ["", "no json", "[1]"])
def test_a_container_that_does_not_tell_its_settings_has_changed_all_the_same(label: str) -> None:
    users = application("users")
    made = container(mesh_config(users), "users", labels={labels.LABEL_SETTINGS: label})
    assert change_words(users, made) == "configuration changed"
