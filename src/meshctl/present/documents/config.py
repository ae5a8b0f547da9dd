"""``config``: the resolved configuration in Compose's words, with secrets hidden; and what ``init`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meshctl.core.config.document import parse
from meshctl.core.config.durations import written
from meshctl.core.config.mask import mask, mask_setting
from meshctl.errors import ConfigError
from meshctl.model.config import (
    BuildSpec,
    CheckKind,
    HealthCheck,
    MeshConfig,
    Mount,
    PortSpec,
    RestartPolicy,
    ServiceSpec,
    SmokeCheck,
)
from meshctl.present.documents.reading import DocumentError, Fields, need

_EMPTY: tuple[object, ...] = (None, "", [], {})


def config_to_data(config: MeshConfig) -> dict[str, Any]:
    """``{"name", "services": {…}, "volumes", "networks", "registry", "collector", "smoke"}``; what is empty is left
    out.

    Durations are text (``1s``), sizes bytes, paths absolute.
    """
    found = {
        "name": config.name,
        "registry": config.registry,
        "collector": config.collector,
        "services": {name: _service(spec, config.secrets) for name, spec in config.services.items()},
        "volumes": {
            name: {"external": True, "name": external} if external else {} for name, external in config.volumes.items()
        },
        "networks": {name: {} for name in config.networks if name != "default"},
        "smoke": [_smoke(check, config.secrets) for check in config.smoke],
    }
    return {key: value for key, value in found.items() if value or key in ("name", "services")}


def config_from_data(data: Any) -> MeshConfig:
    """Raises DocumentError, also for what no file may say. Secrets stay hidden, and which file it was is not in it."""
    try:
        # What is left out is empty here, and not what a file means that leaves it out.
        document = {"registry": "", "collector": "", **_literal(need(dict, data))}
        return replace(parse(document, file="", base_dir="/", environ={}), file="")
    except ConfigError as error:
        raise DocumentError(error.path, str(error)) from None
    except RecursionError:
        raise DocumentError("", "it is nested too deeply") from None


def written_to_data(file: str) -> dict[str, Any]:
    """The file that ``init`` has written."""
    return {"file": file}


def written_from_data(data: Any) -> str:
    """Raises DocumentError."""
    return Fields(data).text("file")


def _literal(value: Any) -> Any:
    """The same as a file would say it: dollar signs stand for themselves."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _service(spec: ServiceSpec, secrets: tuple[str, ...]) -> dict[str, Any]:
    limits = {"cpus": spec.cpus or None, "memory": spec.mem_limit or None}
    found: dict[str, Any] = {
        "image": spec.image,
        "build": _build(spec.build, secrets) if spec.build else None,
        "environment": _settings(spec.environment, secrets),
        "ports": [_port(port) for port in spec.ports],
        "depends_on": {edge.service: _edge(edge.condition, edge.required) for edge in spec.depends_on},
        "healthcheck": _check(spec.healthcheck, secrets),
        "profiles": list(spec.profiles),
        "volumes": [_mount(mount) for mount in spec.mounts],
        "networks": list(spec.networks) if spec.networks != ("default",) else [],
        "restart": _restart(spec),
        "deploy": _filled(
            {
                "replicas": spec.replicas if spec.replicas != 1 else None,
                "resources": _filled({"limits": _filled(limits)}),
            }
        ),
        "hostname": spec.hostname,
        "user": spec.user,
        "working_dir": spec.working_dir,
        "labels": _settings(spec.labels, secrets),
        "stop_grace_period": written(spec.stop_grace_s),
        "stop_signal": spec.stop_signal,
        "init": spec.init,
        "mesh": {
            "kind": str(spec.kind),
            **_filled(
                {
                    "register": spec.mesh.register,
                    "metrics": spec.mesh.metrics,
                    "openapi": spec.mesh.openapi,
                    "share_volumes": spec.mesh.share_volumes or None,
                }
            ),
        },
    }
    for key, argv in (("entrypoint", spec.entrypoint), ("command", spec.command)):
        if argv is not None:
            found[key] = [mask(word, secrets) for word in argv]
    return _filled(found, keep=("entrypoint", "command"))


def _build(build: BuildSpec, secrets: tuple[str, ...]) -> dict[str, Any]:
    return _filled(
        {
            "context": build.context,
            "dockerfile": build.dockerfile,
            "args": _settings(build.args, secrets),
            "target": build.target,
        }
    )


def _port(port: PortSpec) -> dict[str, Any]:
    return _filled(
        {
            "name": port.name,
            "target": port.target,
            "published": port.published,
            "host_ip": port.host_ip,
            "app_protocol": str(port.app_protocol),
            "protocol": port.protocol,
        }
    )


def _edge(condition: str, required: bool) -> dict[str, Any]:
    return {"condition": str(condition), "required": required}


def _check(check: HealthCheck, secrets: tuple[str, ...]) -> dict[str, Any]:
    if check.kind is CheckKind.NONE:
        return {"disable": True}
    what: dict[CheckKind, Any] = {
        CheckKind.HTTP: check.path,
        CheckKind.GRPC: check.grpc_service,
        CheckKind.TCP: True,
        CheckKind.TEST: ["CMD", *(mask(word, secrets) for word in check.test)],
    }
    return {
        str(check.kind): what[check.kind],
        **_filled({"port": check.port, "interval": check.interval_s and written(check.interval_s)}),
        "timeout": written(check.timeout_s),
        "retries": check.retries,
        "start_period": written(check.start_period_s),
    }


def _mount(mount: Mount) -> dict[str, Any]:
    found = {"type": mount.type, "source": mount.source, "target": mount.target}
    return _filled(found | {"read_only": mount.read_only or None})


def _restart(spec: ServiceSpec) -> str:
    if spec.restart is RestartPolicy.ON_FAILURE and spec.restart_max:
        return f"{spec.restart}:{spec.restart_max}"
    return str(spec.restart)


def _smoke(check: SmokeCheck, secrets: tuple[str, ...]) -> dict[str, Any]:
    expect, trace = dict(check.expect), dict(check.trace)
    for part in (expect, trace):
        if "within" in part:
            part["within"] = written(part["within"])
    found: dict[str, Any] = {"name": check.name, "call": check.call, "expect": expect, "trace": trace}
    if check.data is not None:
        found["data"] = check.data
    shown: dict[str, Any] = _hidden(_filled(found, keep=("data",)), secrets)
    return shown


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    """A plain copy of the value with the secrets masked in every text."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, Mapping):
        return {key: _hidden(item, secrets) for key, item in value.items()}
    return [_hidden(item, secrets) for item in value] if isinstance(value, (list, tuple)) else value


def _settings(settings: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    return {name: mask_setting(name, value, secrets) for name, value in settings.items()}


def _filled(values: Mapping[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """Without None and what is empty, but for the keys to ``keep``."""
    return {key: value for key, value in values.items() if key in keep or value not in _EMPTY}
