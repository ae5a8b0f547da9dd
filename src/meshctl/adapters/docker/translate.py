"""Engine API JSON to model. Pure; a field that is missing or odd never raises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from meshctl.adapters.docker.refusals import refusal, taken_port
from meshctl.model import containers as model
from meshctl.model.containers import (
    Container,
    ContainerState,
    ResourceSample,
    RuntimeEvent,
    RuntimeInfo,
    WritableMount,
)

ACTIONS = frozenset(
    ("create", "start", "die", "oom", "stop", "kill", "restart", "pause", "unpause", "destroy"),
)
_OVER = (ContainerState.EXITED, ContainerState.DEAD, ContainerState.RESTARTING, ContainerState.REMOVING)
_ANY_ADDRESS = ("", "0.0.0.0", "::")

#: ``"8000/tcp"`` -> where it is published on the host
Published = Mapping[str, str]


def moment(text: Any) -> float | None:
    """RFC 3339 with nanoseconds to Unix seconds; None for Docker's zero time or no time."""
    if not isinstance(text, str) or len(text) < 20 or text.startswith("0001-"):
        return None
    try:
        if not text.endswith("Z"):
            return datetime.fromisoformat(text).timestamp()
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp() + float(f"0{text[19:-1]}")
    except ValueError:
        return None


def listed(entry: Mapping[str, Any]) -> Container:
    """One entry of ``/containers/json``: no exit code, restarts or start time in there."""
    labels = _strings(entry.get("Labels"))
    names = entry.get("Names") or [""]
    created = entry.get("Created")
    return _container(
        labels,
        _published_listed(entry.get("Ports") or ()),
        id=str(entry.get("Id", "")),
        name=str(names[0]).lstrip("/"),
        state=state(entry.get("State")),
        image=labels.get(model.LABEL_IMAGE) or str(entry.get("Image", "")),
        image_id=str(entry.get("ImageID", "")),
        created_at=float(created) if isinstance(created, int) else None,
        addresses=_addresses(entry),
    )


def up_for(status: Any) -> float:
    """At least so many seconds a listed container has been running (``Up 12 seconds``); 0 when it does not run.

    From a minute on a minute is all that is told.
    """
    if not isinstance(status, str) or not status.startswith("Up ") or status.startswith("Up Less"):
        return 0.0
    count, _, unit = status[3:].partition(" ")
    return float(number(count)) if unit.startswith("second") else 60.0


def inspected(entry: Mapping[str, Any]) -> Container:
    """The answer of ``/containers/{id}/json``."""
    config = _mapping(entry.get("Config"))
    labels = _strings(config.get("Labels"))
    now = _mapping(entry.get("State"))
    at, failed = state(now.get("Status")), str(now.get("Error") or "")
    return _container(
        labels,
        _published_inspected(_mapping(_mapping(entry.get("NetworkSettings")).get("Ports"))),
        id=str(entry.get("Id", "")),
        name=str(entry.get("Name", "")).lstrip("/"),
        state=at,
        image=labels.get(model.LABEL_IMAGE) or str(config.get("Image", "")),
        image_id=str(entry.get("Image", "")),
        exit_code=number(now.get("ExitCode")) if at in _OVER else None,
        oom_killed=bool(now.get("OOMKilled")),
        error=refusal(failed).says if failed else "",
        port_taken=taken_port(failed) is not None,
        restarts=number(entry.get("RestartCount")),
        created_at=moment(entry.get("Created")),
        started_at=moment(now.get("StartedAt")),
        finished_at=moment(now.get("FinishedAt")),
        addresses=_addresses(entry),
        networks=tuple(_mapping(_mapping(entry.get("NetworkSettings")).get("Networks"))),
        mounts=tuple(_mounts(entry.get("Mounts"))),
    )


def state(word: Any) -> ContainerState:
    """Docker's word; one we do not know counts as DEAD."""
    try:
        return ContainerState(str(word).lower())
    except ValueError:
        return ContainerState.DEAD


def info(version: Mapping[str, Any], address: str) -> RuntimeInfo:
    """The answer of ``/version``; one that only speaks Docker's API keeps its own name."""
    components = " ".join(str(_mapping(c).get("Name", "")) for c in version.get("Components") or ())
    name = "podman" if "podman" in components.lower() else "docker"
    return RuntimeInfo(name=name, version=str(version.get("Version", "")), address=address)


def event(entry: Mapping[str, Any]) -> RuntimeEvent | None:
    """One line of ``/events``; None for what is nobody's business (exec, attach, health_status …)."""
    action = str(entry.get("Action") or entry.get("status") or "")
    if action not in ACTIONS or entry.get("Type", "container") != "container":
        return None
    actor = _mapping(entry.get("Actor"))
    attributes = _strings(actor.get("Attributes"))
    nanoseconds = entry.get("timeNano")
    code = attributes.get("exitCode", "")
    return RuntimeEvent(
        time=nanoseconds / 1e9 if isinstance(nanoseconds, int) else float(number(entry.get("time"))),
        action=action,
        container_id=str(actor.get("ID") or entry.get("id") or ""),
        service=attributes.get(model.LABEL_SERVICE, ""),
        instance=number(attributes.get(model.LABEL_INSTANCE)),
        exit_code=int(code) if code.isdecimal() else None,
    )


def sample(entry: Mapping[str, Any], container_id: str) -> ResourceSample | None:
    """One line of ``/stats``; None for the first one and while nothing runs (no interval to divide by)."""
    at, before = moment(entry.get("read")), moment(entry.get("preread"))
    if at is None or before is None or at <= before:
        return None
    used = _cpu_seconds(entry.get("cpu_stats")) - _cpu_seconds(entry.get("precpu_stats"))
    memory = _mapping(entry.get("memory_stats"))
    return ResourceSample(
        container_id=container_id,
        time=at,
        cpu=max(0.0, used) / (at - before),
        memory=_working_set(memory),
        memory_limit=number(memory.get("limit")),
    )


def _cpu_seconds(stats: Any) -> float:
    return number(_mapping(_mapping(stats).get("cpu_usage")).get("total_usage")) / 1e9


def _working_set(memory: Mapping[str, Any]) -> int:
    """Usage without page cache: ``total_inactive_file`` on cgroup v1, ``inactive_file`` on v2."""
    usage = number(memory.get("usage"))
    detail = _mapping(memory.get("stats"))
    cache = number(detail.get("total_inactive_file", detail.get("inactive_file")))
    return usage - cache if cache < usage else usage


def _container(labels: Mapping[str, str], published: Published, **fields: Any) -> Container:
    ports, protocols = _named_ports(labels.get(model.LABEL_PORTS, ""), published)
    return Container(
        service=labels.get(model.LABEL_SERVICE, ""),
        instance=number(labels.get(model.LABEL_INSTANCE)),
        config_hash=labels.get(model.LABEL_CONFIG_HASH, ""),
        kind=labels.get(model.LABEL_KIND, ""),
        register=labels.get(model.LABEL_REGISTER, ""),
        ports=ports,
        protocols=protocols,
        labels=labels,
        **fields,
    )


def _named_ports(label: str, published: Published) -> tuple[dict[str, str], dict[str, str]]:
    ports: dict[str, str] = {}
    protocols: dict[str, str] = {}
    try:
        entries = json.loads(label) if label else []
    except ValueError:
        entries = []
    for entry in entries if isinstance(entries, list) else []:
        port = _mapping(entry)
        name, target = str(port.get("name", "")), port.get("target")
        protocols[name] = str(port.get("app_protocol") or "tcp")
        address = published.get(f"{target}/tcp") or published.get(f"{target}/udp")
        if address:
            ports[name] = address
    return ports, protocols


def _published_inspected(ports: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for target, bindings in ports.items():
        for binding in bindings or ():
            _publish(found, target, binding.get("HostIp"), binding.get("HostPort"))
    return found


def _published_listed(ports: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for port in ports:
        target = f"{port.get('PrivatePort')}/{port.get('Type', 'tcp')}"
        _publish(found, target, port.get("IP"), port.get("PublicPort"))
    return found


def _publish(found: dict[str, str], target: str, host: Any, port: Any) -> None:
    """Keep the IPv4 binding where a port has both; a wildcard is reached over loopback."""
    if not port or (target in found and ":" in str(host or "")):
        return
    address = "127.0.0.1" if (host or "") in _ANY_ADDRESS else str(host)
    found[target] = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _mounts(entries: Any) -> Iterable[WritableMount]:
    for entry in map(_mapping, entries if isinstance(entries, list) else ()):
        path = str(entry.get("Source") or "")
        if entry.get("RW") and path:
            yield WritableMount(str(entry.get("Destination", "")), str(entry.get("Name") or path), path)


def _addresses(entry: Mapping[str, Any]) -> tuple[str, ...]:
    networks = _mapping(_mapping(entry.get("NetworkSettings")).get("Networks"))
    found = (str(_mapping(network).get("IPAddress") or "") for network in networks.values())
    return tuple(address for address in found if address)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in _mapping(value).items()}


def number(value: Any) -> int:
    """An integer that Docker wrote, as JSON number or text; 0 for anything else."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
