"""What the engine refuses, in words for people. The messages are those of engines 20.10 to 28."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.adapters.docker import translate
from meshctl.adapters.docker.refusals import Owner, holder, owner, port_taken, refusal, taken_port
from meshctl.model.containers import LABEL_INSTANCE, LABEL_PROJECT, LABEL_SERVICE

CREATE = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
)
WEB = Owner("shop-web-1", "shop", "web", "1")


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (
            "driver failed programming external connectivity on endpoint shop-web-1 (1a2b): "
            "Bind for 127.0.0.1:8080 failed: port is already allocated",
            ("127.0.0.1", 8080),
        ),
        (
            "driver failed programming external connectivity on endpoint w (1a): Error starting userland proxy: "
            "listen tcp4 0.0.0.0:80: bind: address already in use",
            ("0.0.0.0", 80),
        ),
        (
            "failed to set up container networking: driver failed programming external connectivity on endpoint w: "
            "failed to bind host port 127.0.0.1:8080/tcp: address already in use",
            ("127.0.0.1", 8080),
        ),
        (
            "Ports are not available: exposing port TCP 127.0.0.1:8080 -> 127.0.0.1:0: listen tcp 127.0.0.1:8080: "
            "bind: address already in use",
            ("127.0.0.1", 8080),
        ),
        ("listen udp6 [::]:53: bind: address already in use", ("::", 53)),
        ("port is already allocated", ("", 0)),
        ("no such container", None),
    ],
)
def test_a_taken_port_is_found_in_the_engines_text(message: str, found: tuple[str, int] | None) -> None:
    assert taken_port(message) == found


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (
            CREATE + 'exec: "nosuch": executable file not found in $PATH: unknown',
            "there is no `nosuch` in its image",
        ),
        (CREATE + 'exec: "/a/b": stat /a/b: no such file or directory: unknown', "there is no `/a/b` in its image"),
        (
            CREATE + 'exec: "/etc/passwd": permission denied: unknown',
            "`/etc/passwd` in its image is no program that may be run",
        ),
        (
            CREATE + "exec /app: exec format error",
            "its program is made for another kind of processor, or is a script without a #! line",
        ),
        (
            'OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/no") set in '
            "config.json failed: no such file or directory: unknown",
            "its image has no folder /no",
        ),
        ("unable to find user bob: no matching entries in passwd file", "its image has no user bob"),
        (
            'invalid mount config for type "bind": bind source path does not exist: /home/me/x',
            "/home/me/x is to be mounted and does not exist",
        ),
        (
            CREATE + 'error during container init: error mounting "/a" to rootfs at "/b": mount /a:/b (via /proc/self/'
            "fd/6), flags: 0x5000: not a directory: unknown: Are you trying to mount a directory onto a file",
            "/a cannot be mounted at /b: one is a file, the other a folder",
        ),
        (
            "Mounts denied: \nThe path /srv/data is not shared from the host and is not known to Docker.",
            "Docker may not share /srv/data with containers",
        ),
        (
            "driver failed programming external connectivity on endpoint x (1a): Error starting userland proxy: listen "
            "tcp4 10.9.9.1:80: bind: cannot assign requested address",
            "10.9.9.1:80 is no address of this machine",
        ),
        ("network shop_back not found", "its network shop_back does not exist any more"),
        ("write /var/lib/docker/x: no space left on device", "the disk of the engine is full"),
        (CREATE + "sethostname: invalid argument: unknown", "sethostname: invalid argument"),
        ("Error response from daemon: Minimum memory limit allowed is 6MB", "Minimum memory limit allowed is 6MB"),
    ],
)
def test_every_view_says_the_same(message: str, says: str) -> None:
    assert refusal(message).says == says
    assert translate.inspected({"State": {"Status": "created", "Error": message}}).error == says


def test_a_hint_is_kept_where_the_engines_words_are_good() -> None:
    said = refusal('Conflict. The container name "/x" is already in use by container "1a".')
    assert said.says == 'The container name "/x" is already in use by container "1a".'
    assert "docker rm -f" in said.hint


@pytest.mark.parametrize(
    ("held_by", "says", "hint"),
    [
        (None, "is taken by another program", "`ss -ltnp sport = :80`"),
        (Owner("nginx"), "is taken by the container nginx", "`docker stop nginx`"),
        (Owner("x", "blog", "db", "2"), "is taken by db-2 of the project blog", "meshctl -p blog stop db"),
        (
            Owner("x", "shop", "api", "1"),
            "is taken by api-1 of the same project",
            "Give web or api another `published:`",
        ),
        (
            Owner("x", "shop", "web", "2"),
            "is taken by web-2, another instance of the same service",
            "Leave `published:`",
        ),
    ],
)
def test_a_taken_port_names_its_holder(held_by: Owner | None, says: str, hint: str) -> None:
    said = port_taken("127.0.0.1", 80, WEB, held_by)
    assert said.says == f"port 80 of 127.0.0.1 {says}"
    assert hint in said.hint


@pytest.mark.parametrize("service", ["web", "api"])
def test_nobody_is_told_to_stop_a_service_of_the_same_project(service: str) -> None:
    assert "stop" not in port_taken("127.0.0.1", 80, WEB, Owner("x", "shop", service, "2")).hint


@pytest.mark.parametrize(
    ("host", "ip", "found"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "127.0.0.2", True),
        ("", "127.0.0.2", True),
        ("127.0.0.1", "127.0.0.2", False),
    ],
)
def test_the_holder_of_a_port_is_found_by_its_address(host: str, ip: str, found: bool) -> None:
    labels = {LABEL_PROJECT: "shop", LABEL_SERVICE: "web", LABEL_INSTANCE: "1"}
    ports = [{"IP": ip, "PrivatePort": 8000, "PublicPort": 80, "Type": "tcp"}]
    entries: list[dict[str, Any]] = [
        {"Names": ["/other"]},
        {"Names": ["/shop-web-1"], "Labels": labels, "Ports": ports},
    ]
    assert holder(entries, host, 80) == (owner("/shop-web-1", labels) if found else None)
    assert holder(entries, host, 81) is None
