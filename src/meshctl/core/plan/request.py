"""From a service of the file to what the runtime is asked to create."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from meshctl import __version__
from meshctl.core.config.mask import mask, secrets_of
from meshctl.core.names import container_name, network_name, volume_name
from meshctl.core.plan.digest import config_hash, setting_digests
from meshctl.model import containers as labels
from meshctl.model.config import HealthCheck, MeshConfig, Mount, ServiceSpec
from meshctl.model.containers import ContainerRequest


def image_reference(config: MeshConfig, spec: ServiceSpec) -> str:
    """The image a service runs on: the one it names, else the tag its build gets."""
    return spec.image or f"{config.name}-{spec.name}:latest"


def container_request(config: MeshConfig, spec: ServiceSpec, instance: int) -> ContainerRequest:
    """One instance as a whole request: names, labels and the mesh's environment filled in."""
    identity = f"{spec.name}-{instance}"
    return ContainerRequest(
        name=container_name(config.name, spec.name, instance),
        project=config.name,
        service=spec.name,
        instance=instance,
        image=image_reference(config, spec),
        labels={**spec.labels, **_labels(config, spec, instance)},
        command=spec.command,
        entrypoint=spec.entrypoint,
        environment={**_environment(config, spec, identity), **spec.environment},
        ports=spec.ports,
        mounts=tuple(_mount(config, mount) for mount in spec.mounts),
        networks=tuple(network_name(config.name, network) for network in spec.networks),
        aliases=(spec.name, identity),
        hostname=spec.hostname or identity,
        user=spec.user,
        working_dir=spec.working_dir,
        restart=spec.restart,
        restart_max=spec.restart_max,
        stop_grace_s=spec.stop_grace_s,
        stop_signal=spec.stop_signal,
        init=spec.init,
        mem_limit=spec.mem_limit,
        cpus=spec.cpus,
    )


def volume_reference(config: MeshConfig, volume: str) -> str:
    """The runtime's name of a volume: an external one keeps its own."""
    return config.volumes.get(volume) or volume_name(config.name, volume)


def _mount(config: MeshConfig, mount: Mount) -> Mount:
    if mount.type != "volume" or not mount.source:
        return mount
    return replace(mount, source=volume_reference(config, mount.source))


def _environment(config: MeshConfig, spec: ServiceSpec, identity: str) -> dict[str, str]:
    return {
        "MESH_PROJECT": config.name,
        "MESH_SERVICE": spec.mesh.register or spec.name,
        "MESH_INSTANCE": identity,
        "MESH_FAULTS": "1",
    }


def _labels(config: MeshConfig, spec: ServiceSpec, instance: int) -> dict[str, str]:
    ports = [{"name": port.name, "target": port.target, "app_protocol": port.app_protocol.value} for port in spec.ports]
    needs = {edge.service: {"condition": edge.condition.value, "required": edge.required} for edge in spec.depends_on}
    return {
        labels.LABEL_PROJECT: config.name,
        labels.LABEL_SERVICE: spec.name,
        labels.LABEL_INSTANCE: str(instance),
        labels.LABEL_CONFIG_HASH: config_hash(spec),
        labels.LABEL_IMAGE: image_reference(config, spec),
        labels.LABEL_REPLICAS: str(spec.replicas),
        labels.LABEL_SETTINGS: json.dumps(setting_digests(spec), sort_keys=True, separators=(",", ":")),
        labels.LABEL_VERSION: __version__,
        labels.LABEL_KIND: spec.kind.value,
        labels.LABEL_REGISTER: spec.mesh.register,
        labels.LABEL_PORTS: _json(ports),
        labels.LABEL_FILE: config.file,
        labels.LABEL_ROLE: {config.registry: "registry", config.collector: "collector"}.get(spec.name, ""),
        labels.LABEL_DEPENDS_ON: _json(needs),
        labels.LABEL_HEALTHCHECK: _check(config, spec),
        labels.LABEL_RESTART: spec.restart.value,
        labels.LABEL_STOP_GRACE: f"{spec.stop_grace_s:g}",
    }


def _check(config: MeshConfig, spec: ServiceSpec) -> str:
    """What the check says beside its defaults. Labels are shown to everybody: one that holds a secret is left out."""
    usual = asdict(HealthCheck())
    text = _json({name: value for name, value in asdict(spec.healthcheck).items() if value != usual[name]})
    hidden = any(secret in text for secret in secrets_of(spec.environment) if secret)
    return "" if hidden or mask(text, config.secrets) != text else text


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
