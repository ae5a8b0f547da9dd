"""The whole file."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.config.document import normalised
from meshctl.core.config.known import KnownPart, parse_known
from meshctl.errors import ConfigError, UsageError
from meshctl.model.config import MeshConfig, RestartPolicy
from meshctl.present.documents.config import config_to_data
from tests.core.config.parsing import BASE_DIR, config_of, wrong

APP = {"services": {"app": {"image": "app"}}}


def test_the_least_file() -> None:
    config = config_of(APP)
    assert config == MeshConfig(name="shop", file=f"{BASE_DIR}/meshctl.yaml", services=config.services)


def test_services_keep_the_order_of_the_file_and_every_profile() -> None:
    services = {name: {"image": "x", "profiles": [name]} for name in ("z", "a", "m")}
    assert list(config_of({"services": services}).services) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("project", "written", "name"),
    [("mine", "file", "mine"), (None, "file", "file"), (None, None, "shop"), ("mine", None, "mine")],
)
def test_the_project_name(project: str | None, written: str | None, name: str) -> None:
    assert config_of(APP | {"name": written}, project=project).name == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [("shop", "shop"), ("My Shop!", "myshop"), ("_a-b_c", "a-b_c"), ("-", ""), ("Ünïcode", "ncode"), ("3d", "3d")],
)
def test_a_folder_gives_a_name_as_compose_does(folder: str, name: str) -> None:
    assert normalised(folder) == name


@pytest.mark.parametrize("name", ["My Shop", "-a", "", "a/b", "é"])
def test_a_wrong_name(name: str) -> None:
    assert wrong(APP | {"name": name}).path == "name"
    with pytest.raises(UsageError, match="no name for a project"):
        config_of(APP, project=name)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "the file is empty"),
        ([], "the file must be a mapping with 'services:', found a list"),
        ("services", "the file must be a mapping with 'services:', found a single value"),
        ({}, "'services' is missing"),
        ({"services": None}, "'services' is missing"),
        ({"services": {}}, "the file names no service"),
        ({"services": []}, "expected a mapping, found a list"),
        ({"services": "app"}, "expected a mapping, found the text 'app'"),
        (APP | {"servces": {}}, "unknown key 'servces'"),
        (APP | {"secrets": {}}, "'secrets' is not supported yet by meshctl"),
        (APP | {"include": []}, "'include' is not supported yet by meshctl"),
        (APP | {"registry": "consl"}, "the registry 'consl' is no service here"),
        (APP | {"collector": "ap"}, "the collector 'ap' is no service here"),
        (APP | {"collector": []}, "found a list"),
        (APP | {"volumes": []}, "expected a mapping, found a list"),
        (APP | {"volumes": {"a": "x"}}, "expected a mapping, found the text 'x'"),
        (APP | {"volumes": {"a": {"driver": "nfs"}}}, "'driver' is not supported yet"),
        (APP | {"volumes": {"a": {"name": "b"}}}, "'name' without external: true is not supported yet"),
        (APP | {"networks": {"a": {"external": True}}}, "'external' is not supported yet"),
        (APP | {"networks": {"a": {"driver": "overlay"}}}, "expected one of bridge"),
    ],
)
def test_errors(document: object, message: str) -> None:
    error = wrong(document)
    assert message in str(error)
    assert (error.exit_code, error.file) == (2, "meshctl.yaml")


@pytest.mark.parametrize(
    ("extra", "nearest"),
    [
        ({"servces": {}}, "services"),
        ({"registry": "ap"}, "app"),
        ({"collector": "ap"}, "app"),
        ({"volume": {}}, "volumes"),
    ],
)
def test_the_nearest_word_is_named(extra: dict[str, Any], nearest: str) -> None:
    assert wrong(APP | extra).nearest == nearest


def test_extensions_and_version_are_ignored() -> None:
    assert config_of(APP | {"x-anything": [1, {"a": None}], "version": "3.9"}).name == "shop"


@pytest.mark.parametrize(
    ("written", "services", "registry"),
    [
        (None, ["app"], ""),
        (None, ["consul"], "consul"),
        ("app", ["app", "consul"], "app"),
        ("", ["consul"], ""),
    ],
)
def test_the_registry(written: str | None, services: list[str], registry: str) -> None:
    ports = [{"target": 8500, "app_protocol": "http"}]
    document = {"services": {name: {"image": "x", "ports": ports} for name in services}, "registry": written}
    assert config_of(document).registry == registry


@pytest.mark.parametrize("registry", ["consul", None])
def test_a_registry_must_be_reachable(registry: str | None) -> None:
    document = {"services": {"consul": {"image": "x", "ports": ["8500"]}}, "registry": registry}
    error = wrong(document)
    assert str(error) == "the registry 'consul' needs a port with app_protocol: http"
    assert error.path == "services.consul.ports"


COLLECTING = [{"name": "http", "target": 16686, "app_protocol": "http"}, {"name": "otlp-http", "target": 4318}]


@pytest.mark.parametrize(
    ("written", "services", "collector"),
    [
        (None, {"app": COLLECTING}, ""),
        (None, {"collector": COLLECTING}, "collector"),
        (None, {"collector": COLLECTING[:1]}, ""),
        (None, {"collector": COLLECTING[1:]}, ""),
        ("traces", {"traces": COLLECTING, "collector": COLLECTING}, "traces"),
        ("", {"collector": COLLECTING}, ""),
    ],
)
def test_the_collector(written: str | None, services: dict[str, Any], collector: str) -> None:
    made = {name: {"image": "x", "ports": ports} for name, ports in services.items()}
    config = config_of({"services": made, "collector": written})
    assert config.collector == collector
    assert config_to_data(config).get("collector", "") == collector


@pytest.mark.parametrize(("ports", "missing"), [(COLLECTING[:1], "otlp-http"), (COLLECTING[1:], "http"), ([], "http")])
def test_a_collector_that_is_named_must_have_its_ports(ports: list[Any], missing: str) -> None:
    error = wrong({"services": {"traces": {"image": "x", "ports": ports}}, "collector": "traces"})
    assert str(error) == f"the collector 'traces' needs a port named {missing}"
    assert (error.path, "collector: ''" in error.hint) == ("services.traces.ports", True)


def test_volumes_and_networks() -> None:
    volumes = {"a": None, "b": {}, "c": {"external": True}, "d": {"external": True, "name": "real"}}
    services = {
        "app": {"image": "x", "networks": ["back"]},
        "db": {"image": "x", "networks": ["default", "back"]},
    }
    config = config_of(
        {"services": services, "volumes": volumes, "networks": {"back": {"driver": "bridge"}, "unused": None}}
    )
    assert config.volumes == {"a": "", "b": "", "c": "c", "d": "real"}
    assert config.networks == ("default", "back")


def test_every_problem_is_told_in_the_order_of_the_file() -> None:
    lines = {"services.a.imag": 30, "services.a": 29, "services.b.restart": 12, "x": 3}
    document = {"services": {"a": {"imag": "x"}, "b": {"image": "x", "restart": "nevr"}}}
    error = wrong(document, lines=lines.get)
    assert (error.line, error.path) == (12, "services.b.restart")
    assert str(error).endswith("(3 problems in this file, this is the first)")
    assert [(other.line, other.path) for other in error.others] == [
        (29, "services.a"),
        (30, "services.a.imag"),
    ]


def test_a_secret_in_the_wrong_place_is_not_told() -> None:
    document = {"services": {"app": {"image": "x", "restart": "${API_TOKEN}"}}}
    error = wrong(document, environ={"API_TOKEN": "hunter2-hunter2"})
    assert "hunter2" not in str(error)


def test_secrets_are_gathered() -> None:
    """From variables with such names, from URLs, from what was interpolated; not what is also a name."""
    document = {
        "services": {
            "app": {
                "image": "x",
                "environment": {
                    "DATABASE_URL": "postgresql://app:correct-horse@db/app",
                    "API_KEY": "k-123456",
                    "PLAIN": "not-a-secret",
                    "DB_PASSWORD": "database",
                    "TOKEN": "short",
                },
                "command": ["--password", "${PG_PASSWORD}"],
            },
            "database": {"image": "x"},
        }
    }
    config = config_of(document, environ={"PG_PASSWORD": "from-shell", "OTHER_SECRET": "unused-secret"})
    assert config.secrets == ("correct-horse", "from-shell", "k-123456")


def _known(document: object, **environ: str) -> KnownPart:
    return parse_known(document, file="meshctl.yaml", base_dir=BASE_DIR, environ=environ)


def test_what_is_known_without_variables_is_what_the_file_says_elsewhere() -> None:
    web = {"image": "${IMAGE:?}", "ports": ["${PORT:?}"], "healthcheck": {"http": "/"}, "env_file": "gone.env"}
    known = _known({"name": "shop", "services": {"web": web, "db": {"image": "db", "restart": "always"}}})
    assert (known.config.name, known.unset) == ("shop", ("IMAGE", "PORT"))
    assert known.blank == {"web": {"image", "ports"}}
    assert known.config.services["db"].restart is RestartPolicy.ALWAYS


def test_every_use_of_an_anchor_is_told() -> None:
    shared = {"A": "${FOO}"}
    services = {"a": {"image": "a", "environment": shared}, "b": {"image": "b", "environment": shared}}
    assert _known({"x-env": shared, "services": services}).blank == {"a": {"environment"}, "b": {"environment"}}


def test_a_service_whose_name_has_dots() -> None:
    services = {"a": {"image": "a"}, "a.b": {"image": "${FOO}"}}
    assert _known({"services": services}).blank == {"a.b": {"image"}}


@pytest.mark.parametrize(
    "document",
    [
        {"name": "${FOO}", "services": {"a": {"image": "a"}}},
        {"services": {"a": {"image": "${FOO}", "ports": ["http"]}}},
        {"services": {"a": {"image": "${FOO}", "imag": "x"}}},
        {"services": {"a": {"image": "${FOO}"}, "b": {}}},
        {"services": {"a": {"image": "${FOO"}}},
    ],
)
def test_what_is_wrong_beside_a_missing_variable_is_wrong(document: object) -> None:
    with pytest.raises(ConfigError):
        _known(document)


def test_the_command_line_can_name_a_project_whose_name_is_not_known() -> None:
    document = {"name": "${FOO}", "services": {"a": {"image": "a"}}}
    known = parse_known(document, file="meshctl.yaml", base_dir=BASE_DIR, environ={}, project="shop")
    assert known.config.name == "shop"
