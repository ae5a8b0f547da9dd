"""Engine API JSON to model, and requests to Engine API JSON."""

from __future__ import annotations

from typing import Any

import pytest

from meshctl.adapters.docker import creation, translate
from meshctl.model.config import AppProtocol, Mount, PortSpec, RestartPolicy
from meshctl.model.containers import ContainerRequest, ContainerState, WritableMount

LABELS = {
    "dev.meshctl.project": "shop",
    "dev.meshctl.service": "orders",
    "dev.meshctl.instance": "2",
    "dev.meshctl.config-hash": "abc",
    "dev.meshctl.kind": "application",
    "dev.meshctl.register": "orders",
    "dev.meshctl.image": "meshctl/orders:dev",
    "dev.meshctl.ports": '[{"name":"http","target":8000,"app_protocol":"http"},{"name":"grpc","target":50051,'
    '"app_protocol":"grpc"},{"name":"idle","target":9}]',
}
INSPECTED: dict[str, Any] = {
    "Id": "c0ffee",
    "Name": "/shop-orders-2",
    "Created": "2024-05-01T12:00:00.5Z",
    "Image": "sha256:aa",
    "RestartCount": 3,
    "State": {
        "Status": "running",
        "ExitCode": 0,
        "OOMKilled": False,
        "Error": "",
        "StartedAt": "2024-05-01T12:00:01.123456789Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    },
    "Config": {"Image": "sha256:aa", "Labels": LABELS},
    "Mounts": [
        {"Type": "volume", "Name": "shop_data", "Source": "/v/shop_data/_data", "Destination": "/data", "RW": True},
        {"Type": "bind", "Source": "/home/ada/seed", "Destination": "/seed", "RW": False},
        {"Type": "bind", "Source": "/home/ada/out", "Destination": "/out", "RW": True},
        {"Type": "tmpfs", "Source": "", "Destination": "/tmp", "RW": True},
        "odd",
    ],
    "NetworkSettings": {
        "Ports": {
            "8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}],
            "50051/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49154"}, {"HostIp": "::", "HostPort": "49155"}],
            "9/tcp": None,
        },
        "Networks": {"shop_default": {"IPAddress": "172.18.0.5"}, "shop_back": {"IPAddress": ""}},
    },
}


def test_an_inspected_container() -> None:
    container = translate.inspected(INSPECTED)
    assert (container.id, container.name, container.instance_id) == ("c0ffee", "shop-orders-2", "orders-2")
    assert (container.image, container.image_id) == ("meshctl/orders:dev", "sha256:aa")
    assert (container.config_hash, container.kind, container.register) == ("abc", "application", "orders")
    assert (container.state, container.exit_code, container.restarts) == (ContainerState.RUNNING, None, 3)
    assert container.created_at == 1714564800.5
    assert container.started_at == pytest.approx(1714564801.123456, abs=1e-6)
    assert container.finished_at is None
    assert container.ports == {"http": "127.0.0.1:49153", "grpc": "127.0.0.1:49154"}
    assert container.protocols == {"http": "http", "grpc": "grpc", "idle": "tcp"}
    assert container.mounts == (
        WritableMount("/data", "shop_data", "/v/shop_data/_data"),
        WritableMount("/out", "/home/ada/out", "/home/ada/out"),
    )
    assert container.addresses == ("172.18.0.5",)


def test_a_container_that_ended() -> None:
    state = {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "FinishedAt": "2024-05-01T12:00:02Z"}
    container = translate.inspected({**INSPECTED, "State": state})
    assert (container.exit_code, container.oom_killed, container.finished_at) == (137, True, 1714564802.0)


def test_a_listed_container_has_the_same_ports() -> None:
    entry = {
        "Id": "c0ffee",
        "Names": ["/shop-orders-2"],
        "Image": "sha256:aa",
        "ImageID": "sha256:aa",
        "State": "running",
        "Created": 1714564800,
        "Labels": LABELS,
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 8000, "PublicPort": 49153, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 50051, "PublicPort": 49155, "Type": "tcp"},
            {"IP": "0.0.0.0", "PrivatePort": 50051, "PublicPort": 49154, "Type": "tcp"},
            {"PrivatePort": 9, "Type": "tcp"},
        ],
        "NetworkSettings": {"Networks": {"shop_default": {"IPAddress": "172.18.0.5"}}},
    }
    listed, inspected = translate.listed(entry), translate.inspected(INSPECTED)
    assert (listed.ports, listed.protocols) == (inspected.ports, inspected.protocols)
    assert (listed.name, listed.image, listed.created_at) == (inspected.name, inspected.image, 1714564800.0)


@pytest.mark.parametrize(
    ("binding", "address"),
    [
        ({"HostIp": "", "HostPort": "80"}, "127.0.0.1:80"),
        ({"HostIp": "10.0.0.7", "HostPort": "80"}, "10.0.0.7:80"),
        ({"HostIp": "::1", "HostPort": "80"}, "[::1]:80"),
    ],
)
def test_where_a_port_is_reached(binding: dict[str, str], address: str) -> None:
    settings = {"Ports": {"8000/tcp": [binding]}}
    assert translate.inspected({**INSPECTED, "NetworkSettings": settings}).ports == {"http": address}


@pytest.mark.parametrize(
    ("error", "taken"),
    [
        ("driver failed …: Bind for 127.0.0.1:8080 failed: port is already allocated", True),
        ("driver failed …: listen tcp4 127.0.0.1:8080: bind: address already in use", True),
        ("exec format error", False),
        ("", False),
    ],
)
def test_a_port_that_was_taken_is_a_fact(error: str, taken: bool) -> None:
    container = translate.inspected({**INSPECTED, "State": {"Status": "created", "Error": error}})
    assert (container.port_taken, bool(container.error)) == (taken, bool(error))


@pytest.mark.parametrize("label", ["", "nonsense", "{}", "[1,null]", '[{"name":"x"}]'])
def test_an_odd_port_label_costs_only_the_ports(label: str) -> None:
    labels = {**LABELS, "dev.meshctl.ports": label}
    container = translate.inspected({**INSPECTED, "Config": {"Labels": labels}})
    assert container.ports == {}


@pytest.mark.parametrize("entry", [{}, {"State": None, "Config": None, "NetworkSettings": None, "Names": None}])
def test_an_empty_entry_is_still_a_container(entry: dict[str, Any]) -> None:
    assert translate.inspected(entry).state is ContainerState.DEAD
    assert translate.listed(entry).service == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-05-01T12:00:00Z", 1714564800.0),
        ("2024-05-01T12:00:00.000001Z", 1714564800.000001),
        ("2024-05-01T14:00:00+02:00", 1714564800.0),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday and then some more", None),
        ("2024-05-01T12:00:00.xZ", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_moments(text: Any, seconds: float | None) -> None:
    assert translate.moment(text) == seconds


def _event(action: str, **attributes: str) -> dict[str, Any]:
    labels = {"dev.meshctl.service": "orders", "dev.meshctl.instance": "2", **attributes}
    actor = {"ID": "c0ffee", "Attributes": labels}
    return {"Type": "container", "Action": action, "Actor": actor, "time": 5, "timeNano": 5_500_000_000}


def test_an_event() -> None:
    event = translate.event(_event("die", exitCode="137"))
    assert event is not None
    assert (event.time, event.action, event.exit_code) == (5.5, "die", 137)
    assert (event.container_id, event.service, event.instance) == ("c0ffee", "orders", 2)


@pytest.mark.parametrize("action", ["exec_create: sh -c x", "exec_die", "health_status: healthy", "attach", ""])
def test_events_that_are_nobodys_business(action: str) -> None:
    assert translate.event(_event(action)) is None


def _stats(memory: dict[str, Any]) -> dict[str, Any]:
    return {
        "read": "2024-05-01T12:00:02Z",
        "preread": "2024-05-01T12:00:01Z",
        "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}},
        "precpu_stats": {"cpu_usage": {"total_usage": 1_000_000_000}},
        "memory_stats": memory,
    }


@pytest.mark.parametrize(
    ("detail", "used"),
    [({"total_inactive_file": 30, "inactive_file": 5}, 70), ({"inactive_file": 40}, 60), ({}, 100)],
    ids=["cgroup v1", "cgroup v2", "neither"],
)
def test_resource_use(detail: dict[str, int], used: int) -> None:
    sample = translate.sample(_stats({"usage": 100, "limit": 500, "stats": detail}), "c0ffee")
    assert sample is not None
    assert (sample.cpu, sample.memory, sample.memory_limit) == (1.5, used, 500)
    assert (sample.container_id, sample.time) == ("c0ffee", 1714564802.0)


def test_the_first_sample_has_no_interval() -> None:
    assert translate.sample({**_stats({}), "preread": "0001-01-01T00:00:00Z"}, "c") is None
    assert translate.sample({"read": "0001-01-01T00:00:00Z"}, "c") is None


def test_another_product_keeps_its_name() -> None:
    version = {"Version": "5.0", "Components": [{"Name": "Podman Engine"}]}
    assert translate.info(version, "unix:///x").name == "podman"


def _request(**changes: Any) -> ContainerRequest:
    fixed = {"name": "shop-orders-1", "project": "shop", "service": "orders", "instance": 1, "image": "i:1"}
    return ContainerRequest(**{**fixed, "labels": {"a": "b"}, **changes})


def test_a_plain_request_says_only_what_it_must() -> None:
    body = creation.body(_request())
    assert body["Labels"] == {
        "a": "b",
        "dev.meshctl.ports": "[]",
        "dev.meshctl.project": "shop",
        "dev.meshctl.service": "orders",
        "dev.meshctl.instance": "1",
    }
    assert body["Healthcheck"] == {"Test": ["NONE"]}
    assert "Cmd" not in body and "Entrypoint" not in body and "NetworkingConfig" not in body
    host = body["HostConfig"]
    assert host["Init"] is True and host["RestartPolicy"] == {"Name": "no", "MaximumRetryCount": 0}
    assert host["LogConfig"]["Config"]["max-size"]
    assert "Memory" not in host and "NanoCpus" not in host


def test_a_full_request() -> None:
    body = creation.body(
        _request(
            command=("serve",),
            entrypoint=(),
            environment={"A": "1=2"},
            ports=(
                PortSpec("http", 8000, app_protocol=AppProtocol.HTTP),
                PortSpec("admin", 8000, published=8443),
                PortSpec("dns", 53, published=5353, host_ip="0.0.0.0", protocol="udp"),
            ),
            mounts=(Mount("volume", "shop_data", "/d"), Mount("tmpfs", "", "/t"), Mount("bind", "/x", "/y", True)),
            networks=("shop_default", "shop_back"),
            aliases=("orders", "orders"),
            restart=RestartPolicy.ON_FAILURE,
            restart_max=3,
            stop_grace_s=2.5,
            stop_signal="SIGINT",
            mem_limit=64 << 20,
            cpus=0.25,
        )
    )
    host = body["HostConfig"]
    assert (body["Cmd"], body["Entrypoint"], body["Env"]) == (["serve"], [], ["A=1=2"])
    assert body["ExposedPorts"] == {"8000/tcp": {}, "53/udp": {}}
    assert host["PortBindings"] == {
        "8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}, {"HostIp": "127.0.0.1", "HostPort": "8443"}],
        "53/udp": [{"HostIp": "0.0.0.0", "HostPort": "5353"}],
    }
    assert [mount.get("Source") for mount in host["Mounts"]] == ["shop_data", None, "/x"]
    assert [mount["ReadOnly"] for mount in host["Mounts"]] == [False, False, True]
    assert host["NetworkMode"] == "shop_default"
    assert body["NetworkingConfig"] == {"EndpointsConfig": {"shop_default": {"Aliases": ["orders"]}}}
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert (body["StopTimeout"], body["StopSignal"]) == (3, "SIGINT")
    assert (host["Memory"], host["NanoCpus"]) == (64 << 20, 250_000_000)


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("Up 12 seconds", 12.0),
        ("Up 1 second", 1.0),
        ("Up About a minute", 60.0),
        ("Up 3 minutes (Paused)", 60.0),
        ("Up About an hour", 60.0),
        ("Up 2 weeks", 60.0),
        ("Up Less than a second", 0.0),
        ("Exited (0) 5 minutes ago", 0.0),
        ("Created", 0.0),
        ("running", 0.0),
        (None, 0.0),
    ],
)
def test_how_long_it_has_been_up_at_least(status: object, seconds: float) -> None:
    assert translate.up_for(status) == seconds
