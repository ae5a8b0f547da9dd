"""The resolved configuration as plain values."""

from __future__ import annotations

import json
from typing import Any

from meshctl.core.config.scalars import WrittenFloat
from meshctl.present.documents.config import config_to_data
from tests.core.config.parsing import BASE_DIR, config_of

DOCUMENT: dict[str, Any] = {
    "name": "shop",
    "registry": "consul",
    "networks": {"back": {}},
    "volumes": {"data": {}, "old": {"external": True, "name": "real"}},
    "services": {
        "consul": {"image": "consul:1", "ports": ["8500"], "healthcheck": {"http": "/"}},
        "app": {
            "image": "app:1",
            "build": {"context": "app", "args": {"A": "1"}, "target": "run"},
            "entrypoint": ["tini"],
            "command": [],
            "environment": {"LEVEL": "info"},
            "ports": [{"name": "grpc", "target": 50051}, "127.0.0.2:80:8000/udp"],
            "depends_on": {"consul": {"condition": "service_healthy", "required": False}},
            "healthcheck": {"grpc": "", "interval": "500ms", "start_period": "1m30s"},
            "profiles": ["load"],
            "volumes": ["data:/data:ro", "./src:/src", {"type": "tmpfs", "target": "/tmp"}],
            "networks": ["back"],
            "restart": "on-failure:3",
            "deploy": {"replicas": 0, "resources": {"limits": {"cpus": "0.5", "memory": "64m"}}},
            "hostname": "h",
            "user": "1000",
            "working_dir": "/srv",
            "labels": {"a": "b"},
            "stop_grace_period": "5s",
            "stop_signal": "SIGINT",
            "init": False,
            "mesh": {"register": "app", "metrics": "/metrics", "openapi": "/openapi.json", "share_volumes": True},
        },
        "db": {"image": "db", "healthcheck": {"test": "pg_isready"}, "mesh": {"kind": "job"}},
        "cache": {"image": "redis", "ports": ["6379"], "healthcheck": {"tcp": True, "retries": 9}},
    },
    "smoke": [
        {"name": "n", "call": "app GET /", "data": {}, "expect": {"within": "2s", "status": 200}},
        {"call": "app a.B/C", "trace": {"services": ["app"], "no_errors": False}},
    ],
}


def test_it_reads_back_as_the_same_configuration() -> None:
    config = config_of(DOCUMENT)
    assert config_of(config_to_data(config)) == config


def test_it_is_json() -> None:
    shown = config_to_data(config_of(DOCUMENT))
    assert json.loads(json.dumps(shown)) == shown


def test_it_holds_only_plain_types() -> None:
    """What YAML and JSON writers take as it is: no enum, no number that remembers its text."""
    smoke = [{"call": "app POST /", "data": {"price": WrittenFloat("1.50"), "rows": [[None, True]]}}]
    todo: list[Any] = [config_to_data(config_of(DOCUMENT | {"smoke": smoke}))]
    while todo:
        value = todo.pop()
        assert type(value) in (dict, list, str, int, float, bool, type(None)), type(value)
        todo.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def test_a_service_in_compose_words() -> None:
    app = config_to_data(config_of(DOCUMENT))["services"]["app"]
    assert app["build"] == {
        "context": f"{BASE_DIR}/app",
        "dockerfile": "Dockerfile",
        "args": {"A": "1"},
        "target": "run",
    }
    assert app["deploy"] == {
        "replicas": 0,
        "resources": {"limits": {"cpus": 0.5, "memory": 67108864}},
    }
    assert app["mesh"]["kind"] == "application"
    assert app["command"] == []


def test_nothing_secret_is_shown() -> None:
    document = {
        "services": {
            "app": {
                "image": "app",
                "build": {"args": {"NPM_TOKEN": "tok-secret-1"}},
                "environment": {"API_KEY": "key-secret-2", "URL": "http://u:url-secret-3@h", "PIN_PASSWORD": "1"},
                "command": ["--key", "key-secret-2", "--db=http://u:url-secret-3@h"],
                "labels": {"token": "label-secret-4"},
                "healthcheck": {"test": ["CMD", "check", "key-secret-2"]},
            }
        },
        "smoke": [{"call": "app POST /", "data": {"deep": [{"key": "key-secret-2"}]}}],
    }
    text = json.dumps(config_to_data(config_of(document)))
    assert "-secret-" not in text
    assert text.count("***") == 9


def test_a_service_named_like_a_weak_password_keeps_its_name() -> None:
    document = {"services": {"postgres": {"image": "postgres:15", "environment": {"POSTGRES_PASSWORD": "postgres"}}}}
    shown = config_to_data(config_of(document))["services"]["postgres"]
    assert (shown["image"], shown["environment"]) == ("postgres:15", {"POSTGRES_PASSWORD": "***"})
