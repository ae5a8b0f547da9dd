"""Where the project's services answer: registry → instance → published port."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from meshctl.blocking import Offload
from meshctl.core.names import no_such
from meshctl.core.resolve import (
    QUERY,
    absence,
    collector_address,
    exact_endpoint,
    registered_endpoints,
    registry_address,
    unregistered_endpoints,
)
from meshctl.errors import RegistryUnavailable, UsageError
from meshctl.model.calls import CallRequest, Endpoint
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container
from meshctl.model.registry import Registration

#: ``CallRequest.instance`` that asks for every healthy instance.
ALL = "all"

#: Containers of one service of the project, of all for ''. Raises RuntimeUnavailable.
Find = Callable[[str], Coroutine[Any, Any, Sequence[Container]]]


class RegistryReader(Protocol):
    """Short blocking reads of a registry. Raises RegistryUnavailable."""

    def instances(self, service: str) -> tuple[Registration, ...]: ...
    def services(self) -> tuple[str, ...]: ...


@dataclass(eq=False, repr=False)
class ServiceDirectory:
    """Looks services up, each time anew; where the collector answers is remembered.

    ``connect("127.0.0.1:49153")`` gives a reader of the registry there; ``collector_ports()`` is what somebody else
    knows of where the collector answers, by the names of its ports.
    """

    config: MeshConfig
    find: Find
    connect: Callable[[str], RegistryReader]
    offload: Offload
    collector_ports: Callable[[], Mapping[str, str]] = dict
    #: The project's containers as the last request saw them.
    containers: Sequence[Container] = ()
    _collector: Sequence[Container] | None = None

    async def collector(self, port: str = QUERY, *, anew: bool = False) -> str:
        """Where the collector's port of this name was seen last; ``anew``: looked up now.

        Raises CollectorUnavailable, RuntimeUnavailable.
        """
        known = "" if anew else self.collector_ports().get(port)
        if known:
            return known
        if self.config.collector and (anew or self._collector is None):
            self._collector = await self.find(self.config.collector)
        return collector_address(self.config, self._collector or (), port)

    async def endpoints(self, request: CallRequest) -> tuple[Endpoint, ...]:
        """Every endpoint that may answer: the healthy instances, or exactly the one that was asked for.

        Raises UsageError for unknown names, NoHealthyInstance, RegistryUnavailable, RuntimeUnavailable, and
        CallError if no port for the protocol is published.
        """
        name, protocol, wanted = request.service, request.protocol, request.instance
        self.containers = self._collector = containers = await self.find("")
        # What runs was started with its labels; the file may have changed since.
        registered_as = {name: spec.mesh.register for name, spec in self.config.services.items()}
        registered_as |= {container.service: container.register for container in containers}
        if not self.config.registry:
            registered_as = dict.fromkeys(registered_as, "")
        mine = [c for c in containers if name in (c.service, registered_as.get(c.service))]
        if wanted != ALL and any(container.instance_id == wanted for container in mine):
            return (exact_endpoint(name, wanted, (), mine, protocol),)
        if registered_as.get(name) == "":
            if wanted not in ("", ALL):
                raise no_such("instance", wanted, [container.instance_id for container in mine], where=f"of {name}")
            return unregistered_endpoints(name, mine, protocol)
        registrations = await self._registrations(containers, registered_as, name)
        if wanted not in ("", ALL):
            return (exact_endpoint(name, wanted, registrations, mine, protocol),)
        return registered_endpoints(name, registrations, mine, protocol)

    async def _registrations(
        self, containers: Sequence[Container], registered_as: Mapping[str, str], name: str
    ) -> tuple[Registration, ...]:
        """The registry's entries for a service, named as in the file or as in the registry."""
        ours = {*registered_as, *registered_as.values()} - {""}
        address = registry_address(self.config, containers)
        if address is None:
            return _without_registry(self.config, containers, ours, name)
        reader = self.connect(address)
        registered = registered_as.get(name) or name
        found = await self.offload(lambda: reader.instances(registered))
        if not found and name not in ours:
            raise _no_service(name, {*ours, *await self.offload(reader.services)})
        if registered != name:
            members = {container.instance_id for container in containers if container.service == name}
            found = tuple(entry for entry in found if entry.id in members)
        return found


def _without_registry(
    config: MeshConfig, containers: Sequence[Container], ours: set[str], name: str
) -> tuple[Registration, ...]:
    """A service that has no container is not created, whatever the registry says; else it is missed."""
    if name not in ours:
        raise _no_service(name, ours)
    if not any(name in (container.service, container.register) for container in containers):
        return ()
    how, mend = absence(config.registry, containers)
    raise RegistryUnavailable(
        f"the registry '{config.registry}' {how}",
        hint=f"{mend}; --instance ID reaches one instance without it.",
    )


def _no_service(name: str, known: set[str]) -> UsageError:
    return no_such("service", name, known, where="in the project or the registry")
