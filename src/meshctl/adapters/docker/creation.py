"""ContainerRequest to the body of ``POST /containers/create``. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from meshctl.model import containers as model
from meshctl.model.config import Mount, PortSpec, RestartPolicy
from meshctl.model.containers import ContainerRequest

#: What one container's log may take of the disk before the oldest part is dropped.
_LOGGING = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


def body(request: ContainerRequest) -> dict[str, Any]:
    """The JSON body; further networks than the first are joined after creation."""
    content: dict[str, Any] = {
        "Image": request.image,
        "Labels": _labels(request),
        "Env": [f"{key}={value}" for key, value in request.environment.items()],
        "ExposedPorts": {_port_key(port): {} for port in request.ports},
        "Healthcheck": {"Test": ["NONE"]},
        "StopTimeout": max(0, math.ceil(request.stop_grace_s)),
        "HostConfig": _host_config(request),
    }
    optional = {
        "Cmd": None if request.command is None else list(request.command),
        "Entrypoint": None if request.entrypoint is None else list(request.entrypoint),
        "Hostname": request.hostname or None,
        "User": request.user or None,
        "WorkingDir": request.working_dir or None,
        "StopSignal": request.stop_signal or None,
    }
    content.update({key: value for key, value in optional.items() if value is not None})
    if request.networks:
        content["NetworkingConfig"] = {"EndpointsConfig": {request.networks[0]: endpoint(request)}}
    return content


def endpoint(request: ContainerRequest) -> dict[str, Any]:
    """How the container is known on each of its networks."""
    return {"Aliases": list(dict.fromkeys(request.aliases))}


def identity(request: ContainerRequest) -> dict[str, str]:
    """The labels of every container that is the one asked for, whoever made it."""
    labels = _labels(request)
    keys = (model.LABEL_PROJECT, model.LABEL_SERVICE, model.LABEL_INSTANCE, model.LABEL_CONFIG_HASH)
    return {key: labels[key] for key in keys if key in labels}


def _labels(request: ContainerRequest) -> dict[str, str]:
    ports = [{"name": p.name, "target": p.target, "app_protocol": str(p.app_protocol)} for p in request.ports]
    return {
        model.LABEL_PORTS: json.dumps(ports, separators=(",", ":")),
        **request.labels,
        model.LABEL_PROJECT: request.project,
        model.LABEL_SERVICE: request.service,
        model.LABEL_INSTANCE: str(request.instance),
    }


def _host_config(request: ContainerRequest) -> dict[str, Any]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in request.ports:
        published = "" if port.published is None else str(port.published)
        bindings.setdefault(_port_key(port), []).append({"HostIp": port.host_ip, "HostPort": published})
    config: dict[str, Any] = {
        "PortBindings": bindings,
        "Mounts": [_mount(mount) for mount in request.mounts],
        "RestartPolicy": _restart(request),
        "Init": request.init,
        "LogConfig": _LOGGING,
    }
    if request.networks:
        config["NetworkMode"] = request.networks[0]
    if request.mem_limit:
        config["Memory"] = request.mem_limit
    if request.cpus:
        config["NanoCpus"] = round(request.cpus * 1e9)
    return config


def _restart(request: ContainerRequest) -> dict[str, Any]:
    retries = request.restart_max if request.restart is RestartPolicy.ON_FAILURE else 0
    return {"Name": str(request.restart), "MaximumRetryCount": retries}


def _mount(mount: Mount) -> dict[str, Any]:
    content: dict[str, Any] = {"Type": mount.type, "Target": mount.target, "ReadOnly": mount.read_only}
    return content if mount.type == "tmpfs" or not mount.source else {**content, "Source": mount.source}


def _port_key(port: PortSpec) -> str:
    return f"{port.target}/{port.protocol}"
