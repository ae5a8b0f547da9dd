"""What the labels of its containers tell of a project."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from meshctl.core.config.from_labels import completed, config_from_labels, is_needed, project_of
from meshctl.core.config.known import parse_known
from meshctl.core.plan.digest import config_hash
from meshctl.model import containers as labels
from meshctl.model.config import (
    AppProtocol,
    CheckKind,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    PortSpec,
    RestartPolicy,
    ServiceKind,
    ServiceSpec,
)
from meshctl.model.containers import Container
from meshctl.present.documents.config import config_from_data, config_to_data
from tests.builders import application, container, job, mesh_config, spec, stranger
from tests.core.config.parsing import BASE_DIR

OLD = (
    labels.LABEL_FILE,
    labels.LABEL_ROLE,
    labels.LABEL_DEPENDS_ON,
    labels.LABEL_HEALTHCHECK,
    labels.LABEL_RESTART,
    labels.LABEL_STOP_GRACE,
)
NUMBERS = {"REPLICAS": 1, "STOP_GRACE": 10}
PORTS = tuple(PortSpec(name, number) for name, number in (("otlp-grpc", 4317), ("otlp-http", 4318)))
HTTP = PortSpec("http", 8000, app_protocol=AppProtocol.HTTP)


def _shop() -> MeshConfig:
    return mesh_config(
        spec("consul", stop_grace_s=2.5),
        spec("traces", ports=(HTTP, *PORTS)),
        spec("db", ports=(), healthcheck=HealthCheck(CheckKind.TEST, test=("pg_isready",), retries=7)),
        job("migrate", "db", restart=RestartPolicy.ON_FAILURE),
        application("users", "consul", DependsOn("migrate", Condition.COMPLETED), DependsOn("db", required=False)),
        registry="consul",
        collector="traces",
    )


def _running(config: MeshConfig, **changes: Any) -> list[Container]:
    return [container(config, name, **changes) for name in config.services]


def _told(containers: list[Container]) -> MeshConfig:
    return config_from_labels("shop", containers, "gone")


def _without(one: Container, *names: str) -> Container:
    return replace(one, labels={name: value for name, value in one.labels.items() if name not in names})


def _labelled(service: str = "web", **values: str) -> Container:
    return stranger(service, labels={getattr(labels, f"LABEL_{name}"): value for name, value in values.items()})


def test_labels_tell_what_looking_and_stopping_need() -> None:
    shop = _shop()
    told = _told(_running(shop))
    assert (told.name, told.registry, told.collector, told.partial) == ("shop", "consul", "traces", "gone")
    for name, written in shop.services.items():
        seen = told.services[name]
        for known in ("kind", "ports", "depends_on", "healthcheck", "restart", "stop_grace_s", "replicas"):
            assert getattr(seen, known) == getattr(written, known), (name, known)
        assert seen.mesh.register == written.mesh.register


def test_replicas_are_those_of_the_file() -> None:
    config = mesh_config(spec("web", replicas=3))
    assert _told([container(config, "web", 2)]).services["web"].replicas == 3


def test_the_newest_container_tells() -> None:
    before, now = mesh_config(spec("web", replicas=1)), mesh_config(spec("web", replicas=2, stop_grace_s=1.0))
    made = [container(now, "web", 1, created_at=9.0), container(before, "web", 2, created_at=3.0)]
    assert (_told(made).services["web"].replicas, _told(made).services["web"].stop_grace_s) == (2, 1.0)


def test_what_labels_tell_can_be_recorded() -> None:
    told = _told(_running(_shop()))
    assert config_from_data(config_to_data(told)) == replace(told, partial="")


def test_containers_from_before_these_labels_still_tell_much() -> None:
    told = _told([_without(one, *OLD) for one in _running(_shop())])
    assert told.registry == "consul"
    assert told.services["users"].mesh.register == "users"
    assert told.services["users"].kind is ServiceKind.APPLICATION
    assert told.services["users"].depends_on == ()
    assert told.services["db"].healthcheck == HealthCheck()


def test_a_collector_from_before_is_known_by_its_name_and_ports() -> None:
    config = mesh_config(spec("collector", ports=(HTTP, *PORTS)))
    (one,) = _running(config)
    assert _told([_without(one, *OLD)]).collector == "collector"
    assert _told([one]).collector == "", "it says that it is none"


def test_the_new_labels_recreate_nothing() -> None:
    shop = _shop()
    for name, written in shop.services.items():
        one = container(shop, name)
        assert one.labels[labels.LABEL_CONFIG_HASH] == config_hash(written)
        assert not set(OLD) & set(json.loads(one.labels[labels.LABEL_SETTINGS]))


def test_an_edge_to_what_is_not_there_is_left_out() -> None:
    config = mesh_config(spec("db"), spec("web", "db"))
    assert _told([container(config, "web")]).services["web"].depends_on == ()


def test_labels_that_make_a_circle_are_opened() -> None:
    edge = '{"%s":{"condition":"service_healthy","required":true}}'
    told = _told([_labelled("a", DEPENDS_ON=edge % "b"), _labelled("b", DEPENDS_ON=edge % "a")])
    assert sum(len(one.depends_on) for one in told.services.values()) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"a":1}', '[{"name":7}]', "[" * 100_000, '"x"', "NaN"])
@pytest.mark.parametrize(
    "name", ["PORTS", "DEPENDS_ON", "HEALTHCHECK", "RESTART", "STOP_GRACE", "REPLICAS", "ROLE", "FILE", "KIND"]
)
def test_an_odd_label_tells_nothing_and_breaks_nothing(name: str, text: str) -> None:
    replicas, grace = (7 if (name, text) == (number, "7") else usual for number, usual in NUMBERS.items())
    told = _told([_labelled(**{name: text})])
    assert told.services == {"web": ServiceSpec("web", replicas=replicas, stop_grace_s=grace)}


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "http", "port": "nosuch"},
        {"kind": "test"},
        {"kind": "test", "test": "ls"},
        {"kind": "psychic"},
        {"kind": "test", "test": ["ls"], "interval_s": "soon"},
        {"kind": "test", "test": ["ls"], "retries": -1},
        {"kind": "tcp", "port": ["http"]},
    ],
)
def test_a_check_that_cannot_be_made_is_none(check: dict[str, Any]) -> None:
    assert _told([_labelled(HEALTHCHECK=json.dumps(check))]).services["web"].healthcheck == HealthCheck()


def test_a_name_that_no_service_can_have_stays_a_stranger() -> None:
    assert _told([_labelled("pwned\x1b]0;x\x07")]).services == {}


def test_a_check_that_holds_a_secret_is_in_no_label() -> None:
    check = HealthCheck(CheckKind.TEST, test=("redis-cli", "-a", "abc", "ping"))
    redis = spec("redis", ports=(), healthcheck=check, environment={"REDIS_PASSWORD": "abc"})
    assert container(mesh_config(redis), "redis").labels[labels.LABEL_HEALTHCHECK] == ""
    plain = replace(redis, environment={})
    assert container(mesh_config(plain, secrets=("redis-",)), "redis").labels[labels.LABEL_HEALTHCHECK] == ""
    assert "redis-cli" in container(mesh_config(plain), "redis").labels[labels.LABEL_HEALTHCHECK]


# -- a file that is short of variables

DOCUMENT: dict[str, Any] = {
    "name": "shop",
    "services": {
        "db": {"image": "db:1", "environment": {"A": "${FOO:?}"}},
        "web": {
            "image": "${FOO:?needed}:1",
            "ports": ["${PORT}:8000"],
            "healthcheck": {"http": "/${FOO}", "retries": 9},
            "depends_on": {"db": {}},
            "deploy": {"replicas": "${COUNT}"},
        },
    },
}


def _known(document: object = DOCUMENT, **environ: str) -> Any:
    return parse_known(document, file="meshctl.yaml", base_dir=BASE_DIR, environ=environ)


def test_variables_that_are_not_set_leave_holes_that_are_told() -> None:
    known = _known(PORT="8080", COUNT="1")
    assert known.unset == ("FOO",)
    assert known.blank == {"db": {"environment"}, "web": {"image", "healthcheck"}}
    assert known.config.services["db"].image == "db:1"


def test_labels_fill_the_holes_and_nothing_else() -> None:
    check = HealthCheck(CheckKind.HTTP, path="/health", port="http")
    made = mesh_config(spec("db"), spec("web", image="web:7", replicas=2, healthcheck=check, stop_grace_s=99.0))
    config = completed(_known(), _running(made), "FOO is not set")
    web = config.services["web"]
    assert (web.image, web.replicas, web.ports, web.healthcheck) == ("web:7", 2, (HTTP,), check)
    assert (web.depends_on, web.stop_grace_s) == ((DependsOn("db"),), 10.0)
    assert (config.file, config.partial) == (f"{BASE_DIR}/meshctl.yaml", "FOO is not set")


def test_a_check_with_a_hole_is_not_made() -> None:
    assert completed(_known(), (), "").services["web"].healthcheck == HealthCheck()


def test_edges_that_labels_fill_in_stay_within_the_file() -> None:
    document = {"services": {"web": {"image": "web", "depends_on": ["${FOO}"]}}}
    made = mesh_config(spec("db"), spec("web", "db"))
    assert completed(_known(document), _running(made), "").services["web"].depends_on == ()


def test_a_variable_for_an_environment_alone_is_not_needed_to_look() -> None:
    assert is_needed(_known())
    assert not is_needed(_known({"services": {"db": {"image": "db", "environment": ["A=${FOO}"]}}}))


# -- which project is meant

HERE = "/home/dev/shop/meshctl.yaml"


@pytest.mark.parametrize(
    ("made", "name", "folder", "found"),
    [
        ({"shop": HERE}, "shop", "", "shop"),
        ({"shop": "/elsewhere.yaml"}, "shop", "", "shop"),
        ({"other": HERE}, "shop", "", ""),
        ({"other": HERE}, "", "", "other"),
        ({"other": HERE}, "", "shop", "other"),
        ({"one": HERE, "two": HERE}, "", "shop", ""),
        ({"one": HERE, "shop": HERE}, "", "shop", "shop"),
        ({"shop": ""}, "", "shop", "shop"),
        ({"shop": "/elsewhere.yaml"}, "", "shop", ""),
        ({}, "", "shop", ""),
    ],
)
def test_the_project_of_a_file(made: dict[str, str], name: str, folder: str, found: str) -> None:
    projects = {project: [_labelled(FILE=file)] for project, file in made.items()}
    assert project_of((HERE,), name, folder, projects) == found
