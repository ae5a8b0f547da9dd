"""One request to a service by its name: registry → instance → published port → answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from meshctl.core.resolve import (
    exact_endpoint,
    protocol_of,
    registered_endpoints,
    unknown_instance,
    unknown_service,
    unregistered_endpoints,
)
from meshctl.engine.registry import registry_address
from meshctl.errors import MeshError, RegistryUnavailable
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container
from meshctl.model.registry import Registration

#: ``CallRequest.instance`` that asks for every healthy instance.
ALL = "all"

Send = Callable[[Endpoint, CallRequest], CallReply]
Pick = Callable[[Sequence[Endpoint]], Endpoint]


class RegistryReader(Protocol):
    """Short blocking reads of a registry. Raises RegistryUnavailable."""

    def instances(self, service: str) -> tuple[Registration, ...]: ...
    def services(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Directory:
    """Where services are looked up. ``containers`` lists the project's, and raises RuntimeUnavailable.

    ``connect("127.0.0.1:49153")`` gives a reader of the registry there. Both block for a short while.
    """

    config: MeshConfig
    containers: Callable[[], Sequence[Container]]
    connect: Callable[[str], RegistryReader]


def resolve(directory: Directory, request: CallRequest) -> tuple[Endpoint, ...]:
    """Every endpoint that may answer: the healthy instances, or exactly the one that was asked for.

    Raises UsageError for unknown names, NoHealthyInstance, RegistryUnavailable, RuntimeUnavailable, and
    CallError if no port for the protocol is published.
    """
    name, protocol, wanted = request.service, protocol_of(request), request.instance
    containers = directory.containers()
    registered_as = _registered_names(directory.config, containers)
    mine = [c for c in containers if name in (c.service, registered_as.get(c.service))]
    if wanted != ALL and any(container.instance_id == wanted for container in mine):
        return (exact_endpoint(name, wanted, (), mine, protocol),)
    if registered_as.get(name) == "":
        if wanted not in ("", ALL):
            raise unknown_instance(name, wanted, [container.instance_id for container in mine])
        return unregistered_endpoints(name, mine, protocol)
    registrations = _registrations(directory, containers, registered_as, name)
    if wanted not in ("", ALL):
        return (exact_endpoint(name, wanted, registrations, mine, protocol),)
    return registered_endpoints(name, registrations, mine, protocol)


def call_one(directory: Directory, send: Send, request: CallRequest, pick: Pick = random.choice) -> CallReply:
    """Resolve and send, without an event loop: Ctrl-C ends it at once. Raises as ``resolve`` and ``send`` do."""
    return send(pick(resolve(directory, request)), request)


def call_every(
    directory: Directory, send: Send, request: CallRequest, pick: Pick = random.choice
) -> tuple[CallReply, ...]:
    """One reply, or with ``instance`` ``all`` one of each healthy instance in turn. Raises as ``call_one``."""
    if request.instance != ALL:
        return (call_one(directory, send, request, pick),)
    return tuple(send(endpoint, request) for endpoint in resolve(directory, request))


def _registered_names(config: MeshConfig, containers: Sequence[Container]) -> Mapping[str, str]:
    """The project's services and the name each registers under, '' if it does not register.

    What runs was started with its labels; the file may have changed since.
    """
    names = {name: spec.mesh.register for name, spec in config.services.items()}
    names.update({container.service: container.register for container in containers})
    return names if config.registry else dict.fromkeys(names, "")


def _registrations(
    directory: Directory,
    containers: Sequence[Container],
    registered_as: Mapping[str, str],
    name: str,
) -> tuple[Registration, ...]:
    """The registry's entries for a service, named as in the file or as in the registry."""
    ours = {*registered_as, *registered_as.values()} - {""}
    address = registry_address(directory.config, containers)
    if address is None:
        return _without_registry(directory.config, containers, ours, name)
    reader = directory.connect(address)
    registered = registered_as.get(name) or name
    found = reader.instances(registered)
    if not found and name not in ours:
        raise unknown_service(name, {*ours, *reader.services()})
    if registered != name:
        members = {container.instance_id for container in containers if container.service == name}
        found = tuple(entry for entry in found if entry.id in members)
    return found


def _without_registry(
    config: MeshConfig, containers: Sequence[Container], ours: set[str], name: str
) -> tuple[Registration, ...]:
    """A service that has no container is not created, whatever the registry says; else it is missed."""
    if name not in ours:
        raise unknown_service(name, ours)
    if not any(name in (container.service, container.register) for container in containers):
        return ()
    raise _registry_down(config)


def _registry_down(config: MeshConfig) -> MeshError:
    registry = config.registry
    return RegistryUnavailable(
        f"the registry '{registry}' is not running",
        hint=f"Start it: meshctl start {registry}; --instance ID reaches one instance without it.",
    )
