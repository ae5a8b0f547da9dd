"""Where the engine is said to be, and how its failures are put to people."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from meshctl.adapters.docker.address import DEFAULT_URL, Address, resolve
from meshctl.adapters.docker.failures import (
    NO_REGISTRY_HINT,
    image_failure,
    refused,
    start_hint,
    unavailable,
)
from meshctl.adapters.docker.runtime import DockerRuntime
from meshctl.adapters.docker.wire import check_reachable
from meshctl.errors import ImageUnavailable, NotFound, OperationFailed, RuntimeUnavailable

LOCAL = Address(DEFAULT_URL)


@pytest.mark.parametrize(
    ("environ", "url", "tls", "plain"),
    [
        ({}, DEFAULT_URL, False, True),
        ({"DOCKER_HOST": "  "}, DEFAULT_URL, False, True),
        ({"DOCKER_HOST": "unix:///tmp/d.sock", "DOCKER_TLS_VERIFY": "1"}, "unix:///tmp/d.sock", False, True),
        ({"DOCKER_HOST": "tcp://h:2375"}, "tcp://h:2375", False, True),
        ({"DOCKER_HOST": "tcp://:2375"}, "tcp://:2375", False, True),
        ({"DOCKER_HOST": "unix://"}, "unix://", False, True),
        ({"DOCKER_HOST": "tcp://[::1]:2375"}, "tcp://[::1]:2375", False, True),
        ({"DOCKER_HOST": "h:2375"}, "tcp://h:2375", False, True),
        ({"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1"}, "tcp://h:2376", True, False),
        ({"DOCKER_HOST": "tcp://h:2376", "DOCKER_CERT_PATH": "/c"}, "tcp://h:2376", True, False),
        ({"DOCKER_HOST": "ssh://me@h"}, "ssh://me@h", False, False),
    ],
)
def test_the_environment_names_an_engine(
    tmp_path: Path, environ: dict[str, str], url: str, tls: bool, plain: bool
) -> None:
    address = resolve({"DOCKER_CONFIG": str(tmp_path), **environ})
    assert (address.url, address.tls, address.plain) == (url, tls, plain)


def test_the_current_docker_context_names_an_engine(tmp_path: Path) -> None:
    meta = tmp_path / "contexts" / "meta" / sha256(b"desktop-linux").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": "unix:///home/me/desktop.sock"}}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "desktop-linux"}))
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert resolve(environ).url == "unix:///home/me/desktop.sock"
    assert resolve({**environ, "DOCKER_CONTEXT": "default"}).url == DEFAULT_URL
    assert resolve({**environ, "DOCKER_HOST": "tcp://h:1"}).url == "tcp://h:1"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"currentContext": 7}', '{"currentContext": "default"}'])
def test_an_odd_docker_configuration_is_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert resolve({"DOCKER_CONFIG": str(tmp_path)}) == LOCAL


def test_a_context_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    for name in ("desk", "farm"):
        meta = tmp_path / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json"
        meta.parent.mkdir(parents=True)
        meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": "tcp://h:1"}}}))
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    with pytest.raises(RuntimeUnavailable) as caught:
        resolve({**environ, "DOCKER_CONTEXT": "nosuch"}).check()
    assert str(caught.value) == "There is no Docker context 'nosuch' (DOCKER_CONTEXT); there are: default, desk, farm."
    assert caught.value.hint == "Set DOCKER_CONTEXT to one of them, or unset it."
    (tmp_path / "config.json").write_text('{"currentContext": "gone"}')
    with pytest.raises(RuntimeUnavailable, match=r"'gone' \(currentContext of .*config\.json\)") as caught:
        check_reachable(resolve(environ))
    assert "docker context use" in caught.value.hint
    assert resolve({**environ, "DOCKER_CONTEXT": "desk"}).url == "tcp://h:1"


@pytest.mark.parametrize(
    ("host", "mend"),
    [
        ("foo://x", "Write unix:///var/run/docker.sock"),
        ("://", "Write unix"),
        ("tcp://h:99999", "Write unix"),
        ("tcp://h:abc", "Write unix"),
        ("tcp://:x", "Write unix"),
        ("http://[::1", "Write unix"),
        ("fd://", "Write unix"),
        ("ssh://", "Write unix"),
        ("/run/docker.sock", "Did you mean unix:///run/docker.sock?"),
        ("unix:/run/docker.sock", "Did you mean unix:///run/docker.sock?"),
    ],
)
async def test_what_is_no_address_is_told_by_whoever_uses_it(host: str, mend: str) -> None:
    runtime = DockerRuntime(resolve({"DOCKER_HOST": host}))
    with pytest.raises(RuntimeUnavailable, match=f"DOCKER_HOST={re.escape(host)}") as caught:
        await runtime.info()
    assert caught.value.hint.startswith(mend)
    with pytest.raises(RuntimeUnavailable, match="no address"):
        await runtime.instances.start("x")
    await runtime.close()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("tcp://h:99", "h", 99),
        ("tcp://", "localhost", 2375),
        ("tcp://h", "h", 2375),
        ("tcp://[::1]:99", "::1", 99),
        ("tcp://[::1]", "::1", 2375),
    ],
)
def test_host_and_port(url: str, host: str, port: int) -> None:
    assert Address(url).host_port == (host, port)


@pytest.mark.parametrize(
    ("platform", "systemd", "installed", "root", "words"),
    [
        ("linux", True, True, False, "`sudo systemctl start docker`"),
        ("linux", True, True, True, "`systemctl start docker`"),
        ("linux", False, True, False, "sudo sh -c 'dockerd"),
        ("linux", False, True, True, "`sh -c 'dockerd"),
        ("linux", True, False, False, "docs.docker.com/engine/install"),
        ("darwin", False, False, False, "Docker Desktop"),
    ],
)
def test_the_hint_is_the_command_that_mends_it(
    platform: str, systemd: bool, installed: bool, root: bool, words: str
) -> None:
    assert words in start_hint(platform=platform, systemd=systemd, installed=installed, root=root)


def test_the_cause_is_found_however_deep_it_lies() -> None:
    outer = RuntimeError("while connecting", OSError("aborted", PermissionError(13, "denied")))
    assert "permission denied" in str(unavailable(LOCAL, outer))
    chained = RuntimeError("x")
    chained.__cause__ = TimeoutError()
    assert "in time" in str(unavailable(LOCAL, chained))
    looped = RuntimeError("x")
    looped.__context__ = RuntimeError("y")
    looped.__context__.__context__ = looped
    assert "No Docker engine answers" in str(unavailable(LOCAL, looped))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (404, "No such container: x", NotFound),
        (404, "No such image: x:1", ImageUnavailable),
        (409, 'Conflict. The container name "/x" is already in use by container "1a".', OperationFailed),
        (500, "boom", OperationFailed),
    ],
)
def test_refusals(status: int, message: str, kind: type[Exception]) -> None:
    error = refused(status, message)
    assert type(error) is kind
    assert not str(error).startswith("Conflict")


@pytest.mark.parametrize(
    "message",
    [
        'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
        'Get "https://registry.example/v2/": net/http: request canceled while waiting for connection',
        'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
)
def test_no_registry_in_reach(message: str) -> None:
    assert image_failure("Image x cannot be pulled", message).hint == NO_REGISTRY_HINT


def test_an_image_that_no_registry_has() -> None:
    error = image_failure("Image x cannot be pulled", "manifest for x:1 not found: manifest unknown", ["end"])
    assert "docker login" in error.hint
    assert error.log == ("end",)
