"""A plan while it is being made."""

from __future__ import annotations

from collections.abc import Iterable

from meshctl.core.jobs import ends
from meshctl.core.names import network_name
from meshctl.core.plan.request import container_request, image_reference, volume_reference
from meshctl.model.config import Condition, MeshConfig, ServiceSpec
from meshctl.model.containers import Capability, Container, ContainerState, Observed
from meshctl.model.plan import Operation, OperationKind, Plan

ALIVE = frozenset((ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED))


class PlanBuilder:
    """Operations by id in the order they came; nothing is ever taken back.

    What the runtime is not able to, by its capabilities ``can``, is not planned.
    """

    def __init__(self, config: MeshConfig, observed: Observed, can: frozenset[Capability]) -> None:
        self.config = config
        self.observed = observed
        self.can = can
        self.notes: list[str] = []
        self.of: dict[str, list[Container]] = {}
        self._operations: dict[str, Operation] = {}
        self._merged: list[str] = []
        self._builds: dict[tuple[str, str], str] = {}
        self._started: dict[str, list[str]] = {}
        self._finished: dict[str, list[str]] = {}
        for container in sorted(observed.containers, key=lambda c: (c.service, c.instance)):
            self.of.setdefault(container.service, []).append(container)

    def plan(self) -> Plan:
        return Plan(self.config.name, tuple(self._operations.values()), tuple(self.notes))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def add(
        self,
        kind: OperationKind,
        target: str,
        *,
        service: str = "",
        cause: str = "",
        after: Iterable[str] = (),
        follows: Iterable[str] = (),
        container: Container | None = None,
        number: int = 0,
    ) -> str:
        """Its id, '' if the runtime has no such thing.

        Edges to what is not in the plan are dropped: there is nothing to wait for.
        """
        if not kind.possible(self.can):
            return ""
        spec = self.config.services.get(service)
        request = container_request(self.config, spec, number) if number and spec else None
        operation = Operation(
            id=f"{kind.prefix}:{target}",
            kind=kind,
            target=target,
            service=service,
            cause=cause,
            after=self._known(after),
            container_id=container.id if container else "",
            request=request,
            spec=spec,
            follows=self._known(follows),
        )
        return self._operations.setdefault(operation.id, operation).id

    # -- what a container stands on

    def merge_networks(self) -> None:
        """Make one of networks that have one name: no container can be started on such a name."""
        for name in dict.fromkeys(self.observed.networks):
            count = self.observed.networks.count(name)
            if count > 1:
                cause = f"there are {count} of this name"
                self._merged.append(self.add(OperationKind.MERGE_NETWORK, name, cause=cause))

    def ground(self, spec: ServiceSpec) -> tuple[str, ...]:
        """The operations that bring image, networks and volumes of a service, as far as they are missing."""
        needed = [self.image(spec)] if image_reference(self.config, spec) not in self.observed.images else []
        for network in spec.networks:
            name = network_name(self.config.name, network)
            if name not in self.observed.networks:
                needed.append(self.add(OperationKind.CREATE_NETWORK, name, cause="not created"))
        for mount in spec.mounts:
            if mount.type == "volume" and mount.source and not self.config.volumes.get(mount.source):
                name = volume_reference(self.config, mount.source)
                if name not in self.observed.volumes:
                    needed.append(self.add(OperationKind.CREATE_VOLUME, name, cause="not created"))
        return tuple(needed)

    def image(self, spec: ServiceSpec, cause: str = "not here", *, build: bool = False) -> str:
        """Fetch or make the image of a service; builds of one recipe run one after the other.

        The later of them then find the layers they share already made.
        """
        kind = OperationKind.BUILD if build else _image_source(spec)
        reference = image_reference(self.config, spec)
        follows: tuple[str, ...] = ()
        if spec.build is not None and f"image:{reference}" not in self._operations:
            recipe = (spec.build.context, spec.build.dockerfile)
            follows = (self._builds.get(recipe, ""),)
            self._builds[recipe] = f"image:{reference}"
        return self.add(kind, reference, service=spec.name, cause=cause, follows=follows)

    # -- instances

    def create(self, spec: ServiceSpec, number: int, cause: str, after: Iterable[str] = ()) -> None:
        """Create and start one instance."""
        identity = f"{spec.name}-{number}"
        created = self.add(
            OperationKind.CREATE,
            identity,
            service=spec.name,
            cause=cause,
            after=(*self.ground(spec), *after),
            number=number,
        )
        self.start(spec, number, cause, after=(created,))

    def start(
        self,
        spec: ServiceSpec,
        number: int,
        cause: str,
        *,
        container: Container | None = None,
        after: Iterable[str] = (),
        follows: Iterable[str] = (),
    ) -> str:
        """Start or unpause one instance when its dependencies let it, and wait for it; the id of the wait."""
        paused = container is not None and container.state is ContainerState.PAUSED
        needed, optional = self._gates(spec)
        identity = f"{spec.name}-{number}"
        if paused and not after:
            kind, needed, optional = OperationKind.UNPAUSE, (), ()
        else:
            kind = OperationKind.START
        started = self.add(
            kind,
            identity,
            service=spec.name,
            cause=cause,
            after=(*self._merged, *after, *needed),
            follows=(*follows, *optional),
            container=container,
        )
        self._started.setdefault(spec.name, []).append(started)
        return self.wait(spec, number, after=(started,))

    def wait(
        self,
        spec: ServiceSpec,
        number: int,
        *,
        after: Iterable[str] = (),
        follows: Iterable[str] = (),
    ) -> str:
        """Wait until one instance is ready, or until a job has ended well."""
        kind = OperationKind.WAIT_EXIT if ends(self.config, spec) else OperationKind.WAIT_READY
        waited = self.add(kind, f"{spec.name}-{number}", service=spec.name, after=after, follows=follows)
        self._finished.setdefault(spec.name, []).append(waited)
        return waited

    def wait_running(self, spec: ServiceSpec, number: int) -> str:
        """Wait for one that was started before: what it depends on comes first, so that its own time begins then."""
        needed, optional = self._gates(spec)
        return self.wait(spec, number, after=needed, follows=optional)

    def remove(
        self, container: Container, cause: str, *, after: Iterable[str] = (), follows: Iterable[str] = ()
    ) -> str:
        """Stop one instance if it runs, and remove it; the id of the removal."""
        before, order = tuple(after), tuple(follows)
        if container.state in ALIVE:
            before = (self.stop(container, cause, after=before, follows=order),)
            order = ()
        return self.add(
            OperationKind.REMOVE,
            container.instance_id,
            service=container.service,
            cause=cause,
            after=before,
            follows=order,
            container=container,
        )

    def stop(self, container: Container, cause: str, *, after: Iterable[str] = (), follows: Iterable[str] = ()) -> str:
        return self.add(
            OperationKind.STOP,
            container.instance_id,
            service=container.service,
            cause=cause,
            after=after,
            follows=follows,
            container=container,
        )

    def registrations(self) -> None:
        """Being listed as passing is part of ready for all that register, but holds nobody up."""
        registry = self.config.registry
        if not registry:
            return
        for operation in list(self._operations.values()):
            if operation.kind is OperationKind.WAIT_READY and operation.spec and operation.spec.mesh.register:
                self.add(
                    OperationKind.WAIT_REGISTERED,
                    operation.target,
                    service=operation.service,
                    after=(operation.id, *self._finished.get(registry, ())),
                )

    def _gates(self, spec: ServiceSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What must have succeeded before a start, and what must only be over (``required: false``)."""
        needed: list[str] = []
        optional: list[str] = []
        for edge in spec.depends_on:
            of = self._started if edge.condition is Condition.STARTED else self._finished
            (needed if edge.required else optional).extend(of.get(edge.service, ()))
        return tuple(needed), tuple(optional)

    def _known(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name in ids if name in self._operations))


def _image_source(spec: ServiceSpec) -> OperationKind:
    """Where an image that is not here comes from.

    | image | build | then                 |
    |-------|-------|----------------------|
    | yes   | no    | pull                 |
    | yes   | yes   | pull, else build     |
    | no    | yes   | build                |
    """
    if spec.build is None:
        return OperationKind.PULL
    return OperationKind.PULL_OR_BUILD if spec.image else OperationKind.BUILD
