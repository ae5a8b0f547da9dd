"""One service: every word it may use."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.core.config.keys import SERVICE
from meshctl.model.config import BuildSpec, MeshSpec, Mount, RestartPolicy, ServiceKind, ServiceSpec
from tests.core.config.parsing import BASE_DIR, config_of, service_of, wrong, wrong_service


def test_the_least_service() -> None:
    assert service_of({}) == ServiceSpec(name="app", image="app:1")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (".", BuildSpec(BASE_DIR)),
        ("./app", BuildSpec(f"{BASE_DIR}/app")),
        ("../other", BuildSpec("/home/dev/other")),
        ("/abs", BuildSpec("/abs")),
        ({}, BuildSpec(BASE_DIR)),
        (
            {"context": "stack", "dockerfile": "Dockerfile.dev", "args": {"A": 1, "B": None}, "target": "run"},
            BuildSpec(f"{BASE_DIR}/stack", "Dockerfile.dev", {"A": "1", "B": "shell"}, "run"),
        ),
        ({"args": ["A=1", "B", "C"]}, BuildSpec(BASE_DIR, args={"A": "1", "B": "shell"})),
    ],
)
def test_build(build: object, expected: BuildSpec) -> None:
    document = {"services": {"app": {"build": build}}}
    spec = config_of(document, environ={"B": "shell"}).services["app"]
    assert (spec.build, spec.image) == (expected, "")


@pytest.mark.parametrize("key", ["command", "entrypoint"])
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["a", "b c"], ("a", "b c")),
        ("a 'b c' --x=\"y z\"", ("a", "b c", "--x=y z")),
        (["sleep", 5, True], ("sleep", "5", "true")),
        ([], ()),
        ("", ()),
        (None, None),
    ],
)
def test_argument_vectors(key: str, written: object, expected: tuple[str, ...] | None) -> None:
    assert getattr(service_of({key: written}), key) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"A": "x", "N": 5, "T": True, "E": ""}, {"A": "x", "N": "5", "T": "true", "E": ""}),
        ({"FROM_SHELL": None, "NOT_THERE": None}, {"FROM_SHELL": "s"}),
        (["A=x", "B=a=b", "E="], {"A": "x", "B": "a=b", "E": ""}),
        (["FROM_SHELL", "NOT_THERE"], {"FROM_SHELL": "s"}),
        ([], {}),
        (None, {}),
    ],
)
def test_environment(environment: object, expected: dict[str, str]) -> None:
    assert service_of({"environment": environment}, environ={"FROM_SHELL": "s"}).environment == expected


ENV_FILES = {f"{BASE_DIR}/a.env": "A=1\nB=1\n", f"{BASE_DIR}/b.env": "B=2\nC=$A\n", "/etc/x": "A='raw'"}


@pytest.mark.parametrize(
    ("env_file", "expected"),
    [
        ("a.env", {"A": "1", "B": "1"}),
        ("./a.env", {"A": "1", "B": "1"}),
        (["a.env", "b.env"], {"A": "1", "B": "2", "C": "shell"}),
        ({"path": "a.env"}, {"A": "1", "B": "1"}),
        ([{"path": "gone.env", "required": False}, "a.env"], {"A": "1", "B": "1"}),
        ({"path": "/etc/x", "format": "raw"}, {"A": "'raw'"}),
        ([], {}),
    ],
)
def test_env_files(env_file: object, expected: dict[str, str]) -> None:
    spec = service_of({"env_file": env_file}, files=ENV_FILES, environ={"A": "shell"})
    assert spec.environment == expected


def test_environment_goes_before_env_files() -> None:
    spec = service_of({"env_file": "a.env", "environment": {"B": "mine"}}, files=ENV_FILES)
    assert spec.environment == {"A": "1", "B": "mine"}


@pytest.mark.parametrize(
    ("restart", "expected"),
    [
        ("no", (RestartPolicy.NO, 0)),
        (False, (RestartPolicy.NO, 0)),
        ("always", (RestartPolicy.ALWAYS, 0)),
        ("unless-stopped", (RestartPolicy.UNLESS_STOPPED, 0)),
        ("on-failure", (RestartPolicy.ON_FAILURE, 0)),
        ("on-failure:3", (RestartPolicy.ON_FAILURE, 3)),
        (None, (RestartPolicy.NO, 0)),
    ],
)
def test_restart(restart: object, expected: tuple[RestartPolicy, int]) -> None:
    spec = service_of({"restart": restart})
    assert (spec.restart, spec.restart_max) == expected


@pytest.mark.parametrize(
    ("keys", "field", "expected"),
    [
        ({"deploy": {"replicas": 3}}, "replicas", 3),
        ({"scale": 2}, "replicas", 2),
        ({"scale": 0}, "replicas", 0),
        ({"scale": 2, "deploy": {"replicas": 2}}, "replicas", 2),
        ({"mem_limit": "512m"}, "mem_limit", 512 << 20),
        ({"deploy": {"resources": {"limits": {"memory": "1g"}}}}, "mem_limit", 1 << 30),
        ({"cpus": 0.5}, "cpus", 0.5),
        ({"cpus": "1.5"}, "cpus", 1.5),
        ({"deploy": {"resources": {"limits": {"cpus": "0.25"}}}}, "cpus", 0.25),
        ({"deploy": {"resources": None}}, "cpus", 0.0),
        ({"hostname": "h"}, "hostname", "h"),
        ({"user": 1000}, "user", "1000"),
        ({"user": "app:app"}, "user", "app:app"),
        ({"working_dir": "/srv"}, "working_dir", "/srv"),
        ({"labels": {"a": 1}}, "labels", {"a": "1"}),
        ({"labels": ["a=1", "b"]}, "labels", {"a": "1", "b": ""}),
        ({"stop_grace_period": "1m"}, "stop_grace_s", 60.0),
        ({"stop_signal": "SIGINT"}, "stop_signal", "SIGINT"),
        ({"stop_signal": 15}, "stop_signal", "15"),
        ({"init": False}, "init", False),
        ({"profiles": ["load", "x"]}, "profiles", ("load", "x")),
        ({"networks": ["back"]}, "networks", ("back",)),
        ({"networks": {"back": None, "default": {}}}, "networks", ("back", "default")),
        ({"networks": []}, "networks", ()),
        ({"x-anything": {"a": [1]}}, "name", "app"),
        ({"expose": [80], "tty": True, "stdin_open": True, "attach": False, "develop": {}}, "name", "app"),
    ],
)
def test_words(keys: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(service_of(keys, root={"networks": {"back": None}}), field) == expected


@pytest.mark.parametrize(
    ("mesh", "spec", "kind"),
    [
        ({}, MeshSpec(), ServiceKind.INFRASTRUCTURE),
        ({"register": "orders"}, MeshSpec("orders"), ServiceKind.APPLICATION),
        ({"register": True}, MeshSpec("app"), ServiceKind.APPLICATION),
        ({"register": False}, MeshSpec(), ServiceKind.INFRASTRUCTURE),
        (
            {"register": "o", "metrics": "/metrics", "openapi": "/openapi.json"},
            MeshSpec("o", "/metrics", "/openapi.json"),
            ServiceKind.APPLICATION,
        ),
        ({"share_volumes": True}, MeshSpec(share_volumes=True), ServiceKind.INFRASTRUCTURE),
        ({"kind": "application"}, MeshSpec(), ServiceKind.APPLICATION),
        ({"kind": "infrastructure", "register": "o"}, MeshSpec("o"), ServiceKind.INFRASTRUCTURE),
        ({"kind": "job"}, MeshSpec(), ServiceKind.JOB),
    ],
)
def test_mesh(mesh: dict[str, Any], spec: MeshSpec, kind: ServiceKind) -> None:
    found = service_of({"mesh": mesh})
    assert (found.mesh, found.kind) == (spec, kind)


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("data:/x", Mount("volume", "data", "/x")),
        ("data:/x:ro", Mount("volume", "data", "/x", True)),
        ("data:/x:rw,z", Mount("volume", "data", "/x")),
        ("./a:/b:ro", Mount("bind", f"{BASE_DIR}/a", "/b", True)),
        ("../a:/b", Mount("bind", "/home/dev/a", "/b")),
        (".:/b", Mount("bind", BASE_DIR, "/b")),
        ("/etc/x:/b/", Mount("bind", "/etc/x", "/b")),
        ("~/a:/b", Mount("bind", "/home/dev/a", "/b")),
        ({"type": "volume", "source": "data", "target": "/x"}, Mount("volume", "data", "/x")),
        (
            {"type": "bind", "source": "a", "target": "/x", "read_only": True},
            Mount("bind", f"{BASE_DIR}/a", "/x", True),
        ),
        ({"type": "tmpfs", "target": "/tmp"}, Mount("tmpfs", "", "/tmp")),
    ],
)
def test_volumes(volume: object, expected: Mount) -> None:
    spec = service_of({"volumes": [volume]}, root={"volumes": {"data": {}}}, environ={"HOME": "/home/dev"})
    assert spec.mounts == (expected,)


@pytest.mark.parametrize("tmpfs", ["/run", ["/run"]])
def test_tmpfs(tmpfs: object) -> None:
    assert service_of({"tmpfs": tmpfs}).mounts == (Mount("tmpfs", "", "/run"),)


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ({"image": ""}, "image", "expected text, found nothing"),
        ({"image": "a b"}, "image", "expected an image such as"),
        ({"image": ["a"]}, "image", "expected text, found a list"),
        ({"image": True}, "image", "expected text, found true"),
        ({"build": {"contxt": "."}}, "build.contxt", "unknown key 'contxt'"),
        ({"build": {"cache_from": []}}, "build.cache_from", "not supported yet by meshctl"),
        ({"build": "https://github.com/a/b.git"}, "build", "not supported yet"),
        ({"build": {"args": 5}}, "build.args", "expected a mapping or a list of NAME=value, found the number 5"),
        ({"command": {"a": 1}}, "command", "expected a list, found a mapping"),
        ({"command": "a 'b"}, "command", "cannot be split into words: no closing quotation"),
        ({"command": ["b", ["a"]]}, "command[1]", "expected text, found a list"),
        ({"environment": "A=1"}, "environment", "expected a mapping or a list of NAME=value"),
        ({"environment": {"A": []}}, "environment.A", "expected text, found a list"),
        ({"environment": ["=x"]}, "environment[0]", "expected NAME=value"),
        ({"environment": {"A=B": "x"}}, "environment", "'A=B' is no name for a variable"),
        ({"env_file": "gone.env"}, "env_file", "the env file gone.env is not there"),
        ({"env_file": ["a.env", "gone.env"]}, "env_file[1]", "gone.env is not there"),
        ({"env_file": [{"required": False}]}, "env_file[0]", "'path' is missing"),
        ({"env_file": "bad.env"}, "env_file", "bad.env, line 1: expected NAME=value"),
        ({"env_file": 5}, "env_file", "is not there"),
        ({"restart": "allways"}, "restart", "expected one of no, always"),
        ({"restart": "always:3"}, "restart", "only on-failure takes a count"),
        ({"restart": "on-failure:x"}, "restart", "expected a whole number"),
        ({"scale": -1}, "scale", "between 0 and 1000"),
        ({"scale": 10**6}, "scale", "between 0 and 1000"),
        ({"scale": 1, "deploy": {"replicas": 2}}, "scale", "says something else than"),
        ({"mem_limit": "lots"}, "mem_limit", "expected a size"),
        ({"cpus": "many"}, "cpus", "expected a number"),
        ({"cpus": -1}, "cpus", "expected a number"),
        ({"deploy": {"resources": {"limits": {"cpu": 1}}}}, "deploy.resources.limits.cpu", "unknown key 'cpu'"),
        ({"deploy": {"mode": "global"}}, "deploy.mode", "not supported yet"),
        ({"labels": {"dev.meshctl.project": "x"}}, "labels", "meshctl's own"),
        ({"stop_grace_period": 5}, "stop_grace_period", "expected a duration"),
        ({"stop_signal": "please"}, "stop_signal", "expected a signal"),
        ({"init": "maybe"}, "init", "expected true or false, found the text 'maybe'"),
        ({"profiles": ["a b"]}, "profiles[0]", "no name for a profile"),
        ({"networks": ["bck"]}, "networks[0]", "the network 'bck' is not declared"),
        ({"networks": {"bck": None}}, "networks.bck", "the network 'bck' is not declared"),
        ({"networks": {"back": {"aliases": ["x"]}}}, "networks.back.aliases", "not supported yet"),
        ({"networks": 5}, "networks", "expected a list"),
        ({"mesh": {"registr": "x"}}, "mesh.registr", "unknown key 'registr'"),
        ({"mesh": {"share_volumes": "maybe"}}, "mesh.share_volumes", "expected true or false"),
        ({"mesh": {"metrics": "metrics"}}, "mesh.metrics", "expected a path such as /metrics"),
        ({"mesh": {"kind": "app"}}, "mesh.kind", "expected one of application, infrastructure, job"),
        ({"mesh": []}, "mesh", "expected a mapping, found a list"),
        ({"volumes": ["/data"]}, "volumes[0]", "has no name"),
        ({"volumes": ["dta:/x"]}, "volumes[0]", "the volume 'dta' is not declared"),
        ({"volumes": ["data:x"]}, "volumes[0]", "expected an absolute path in the container"),
        ({"volumes": ["data:/x:rx"]}, "volumes[0]", "unknown option 'rx'"),
        ({"volumes": [":/x"]}, "volumes[0]", "expected a volume such as"),
        ({"volumes": [5]}, "volumes[0]", "expected a volume such as"),
        ({"volumes": ["data:/x", "./a:/x"]}, "volumes[1]", "/x is mounted twice"),
        ({"volumes": [{"type": "volume", "target": "/x"}]}, "volumes[0]", "'source' is missing"),
        ({"volumes": [{"type": "npipe", "target": "/x"}]}, "volumes[0].type", "expected one of volume, bind"),
        ({"volumes": [{"type": "tmpfs", "target": "/x", "source": "y"}]}, "volumes[0].source", "has no source"),
        ({"volumes": {"a": "/x"}}, "volumes", "expected a list"),
        ({"volumes": ["~/a:/b"]}, "volumes[0]", "needs HOME"),
        ({"tmpfs": "/run:size=64m"}, "tmpfs", "options of a tmpfs"),
        ({"privileged": True}, "privileged", "'privileged' is not supported yet by meshctl"),
        ({"container_name": "x"}, "container_name", "not supported yet"),
        ({"network_mode": "host"}, "network_mode", "not supported yet"),
        ({"helthcheck": {}}, "helthcheck", "unknown key 'helthcheck'"),
    ],
)
def test_errors(keys: dict[str, Any], path: str, message: str) -> None:
    root = {"volumes": {"data": None}, "networks": {"back": None}}
    files = {f"{BASE_DIR}/bad.env": "two words", f"{BASE_DIR}/a.env": ""}
    error = wrong_service(keys, root=root, files=files)
    assert message in str(error)
    assert error.path == f"services.app.{path}"
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("keys", "nearest"),
    [
        ({"helthcheck": {}}, "healthcheck"),
        ({"enviroment": {}}, "environment"),
        ({"depend_on": []}, "depends_on"),
        ({"container_nme": 1}, "container_name"),
        ({"volumes": ["dta:/x"]}, "data"),
        ({"networks": ["bck"]}, "back"),
        ({"restart": "allways"}, "always"),
    ],
)
def test_the_nearest_word_is_named(keys: dict[str, Any], nearest: str) -> None:
    error = wrong_service(keys, root={"volumes": {"data": None}, "networks": {"back": None}})
    assert error.nearest == nearest


@pytest.mark.parametrize("key", sorted(SERVICE.unsupported))
def test_unsupported_compose_keys_are_told(key: str) -> None:
    error = wrong_service({key: "x"})
    assert str(error) == f"'{key}' is not supported yet by meshctl"
    assert (error.path, error.nearest) == (f"services.app.{key}", "")


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ({"app": None}, "expected a mapping, found nothing"),
        ({"app": []}, "expected a mapping, found a list"),
        ({"app": {}}, "the service 'app' needs image: or build:"),
        ({"a b": {"image": "x"}}, "'a b' is no name for a service"),
        ({"-a": {"image": "x"}}, "'-a' is no name for a service"),
        ({"a" * 64: {"image": "x"}}, "is no name for a service"),
    ],
)
def test_what_is_no_service(services: dict[str, Any], message: str) -> None:
    assert message in str(wrong({"services": services}))
