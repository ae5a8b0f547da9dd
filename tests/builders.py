"""Small things to build tests from: specs, files and containers, with only what matters said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from meshctl.core.names import container_name
from meshctl.core.plan.digest import config_hash
from meshctl.core.plan.request import container_request, image_reference
from meshctl.model.config import (
    AppProtocol,
    BuildSpec,
    CheckKind,
    Condition,
    DependsOn,
    HealthCheck,
    MeshConfig,
    MeshSpec,
    PortSpec,
    ServiceKind,
    ServiceSpec,
)
from meshctl.model.containers import Container, ContainerState, Observed
from meshctl.model.plan import Plan
from meshctl.model.registry import Check, CheckStatus, Registration, RegistryCheckKind

PROJECT = "shop"
HTTP_CHECK = HealthCheck(kind=CheckKind.HTTP, path="/health", port="http")
HTTP_PORT = PortSpec("http", 8000, app_protocol=AppProtocol.HTTP)


def spec(name: str, *needs: str | DependsOn, **changes: Any) -> ServiceSpec:
    """A service with an image ``<name>:1``, an HTTP port and check; a plain need is ``service_healthy``."""
    edges = tuple(n if isinstance(n, DependsOn) else DependsOn(n, Condition.HEALTHY) for n in needs)
    made = ServiceSpec(name, image=f"{name}:1", ports=(HTTP_PORT,), healthcheck=HTTP_CHECK, depends_on=edges)
    return replace(made, **changes)


def registration(
    instance: str, status: CheckStatus = CheckStatus.PASSING, output: str = "", **changes: Any
) -> Registration:
    """An instance such as ``orders-1`` with one TTL check that says ``output``."""
    check = Check(RegistryCheckKind.TTL, f"service:{instance}", "alive", status, output)
    made = Registration(instance, instance.rpartition("-")[0], "172.18.0.2", 8000, checks=(check,))
    return replace(made, **changes)


def application(name: str, *needs: str | DependsOn, **changes: Any) -> ServiceSpec:
    """A service that registers itself and is built from the one recipe ``/stack``."""
    made = spec(name, *needs, image="", build=BuildSpec("/stack", args={"SERVICE": name}))
    made = replace(made, kind=ServiceKind.APPLICATION, mesh=MeshSpec(register=name))
    return replace(made, **changes)


def job(name: str, *needs: str | DependsOn, **changes: Any) -> ServiceSpec:
    """A service that is done when its process has ended with 0."""
    made = spec(name, *needs, kind=ServiceKind.JOB, ports=(), healthcheck=HealthCheck())
    return replace(made, **changes)


def mesh_config(*services: ServiceSpec, **changes: Any) -> MeshConfig:
    """A file with these services; ``registry`` is consul if there is one."""
    named = {service.name: service for service in services}
    registry = "consul" if "consul" in named else ""
    made = MeshConfig(name=PROJECT, file="meshctl.yaml", services=named, registry=registry)
    return replace(made, **changes)


def container(config: MeshConfig, service: str, instance: int = 1, **changes: Any) -> Container:
    """A running instance that is as the file says."""
    one = config.services[service]
    made = Container(
        id=f"id-{service}-{instance}",
        name=container_name(config.name, service, instance),
        service=service,
        instance=instance,
        state=ContainerState.RUNNING,
        image=image_reference(config, one),
        image_id=image_id(image_reference(config, one)),
        config_hash=config_hash(one),
        kind=one.kind.value,
        register=one.mesh.register,
        ports={port.name: f"127.0.0.1:{49152 + instance}" for port in one.ports},
        labels=container_request(config, one, instance).labels,
    )
    return replace(made, **changes)


def stranger(service: str, instance: int = 1, **changes: Any) -> Container:
    """A running instance of a service that no file names."""
    name = container_name(PROJECT, service, instance)
    made = Container(f"id-{service}-{instance}", name, service, instance, ContainerState.RUNNING)
    return replace(made, **changes)


def observed(config: MeshConfig, *containers: Container, **changes: Any) -> Observed:
    """The containers in a world where the images, the default network and the volumes are here."""
    made = Observed(
        config.name,
        containers,
        networks=(f"{config.name}_default",),
        volumes=tuple(f"{config.name}_{volume}" for volume in config.volumes),
        images=here(config, config.services),
    )
    return replace(made, **changes)


def everything(config: MeshConfig) -> Observed:
    """All services as the file says, running."""
    running = (
        container(config, one.name, number) for one in config.services.values() for number in range(1, one.replicas + 1)
    )
    return observed(config, *running)


def here(config: MeshConfig, services: Iterable[str]) -> Mapping[str, str]:
    """Image ids by reference."""
    references = [image_reference(config, config.services[name]) for name in services]
    return {reference: image_id(reference) for reference in references}


def image_id(reference: str) -> str:
    """The id that every fake gives to an image that was there from the start."""
    return f"sha256:{reference}"


def outline(plan: Plan) -> str:
    """One line an operation: ``start:users-1 (not created) < create:users-1 ~ ready:cache-1``, notes last.

    After ``<`` what must have succeeded, after ``~`` what must only be over.
    """
    lines = []
    for operation in plan.operations:
        line = operation.id + (f" ({operation.cause})" if operation.cause else "")
        line += f" < {' '.join(operation.after)}" if operation.after else ""
        lines.append(line + (f" ~ {' '.join(operation.follows)}" if operation.follows else ""))
    return "\n".join([*lines, *(f"note: {note}" for note in plan.notes)]) + "\n"
