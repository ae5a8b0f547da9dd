"""What is desired against what is seen: the operations that lead from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshctl.core.names import network_name
from meshctl.core.plan.digest import config_hash
from meshctl.core.plan.request import container_request, image_reference, volume_reference
from meshctl.core.plan.selection import dependents, selected
from meshctl.model.config import Condition, MeshConfig, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState, Observed
from meshctl.model.plan import Operation, OperationKind, Plan

_KIND_OF_CONDITION = {Condition.STARTED: "start", Condition.HEALTHY: "ready", Condition.COMPLETED: "exit"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for. ``scale`` overrides ``deploy.replicas``; ``rebuild``: build even what is here."""

    services: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    scale: Mapping[str, int] = field(default_factory=dict)
    rebuild: bool = False


def reconcile(config: MeshConfig, observed: Observed, wanted: Wanted) -> Plan:
    """The plan; its ``changes`` are empty when all is as desired. Raises UsageError for an unknown service."""
    return _Reconciler(config, observed, wanted).plan()


def image_plan(config: MeshConfig, wanted: Wanted) -> Plan:
    """Only the builds of what is selected, for ``--build``."""
    reconciler = _Reconciler(config, Observed(config.name), wanted)
    for name in reconciler.names:
        if config.services[name].build is not None:
            reconciler.image(config.services[name])
    return Plan(config.name, tuple(reconciler.operations.values()))


def desired_count(spec: ServiceSpec, existing: int, scale: Mapping[str, int]) -> int:
    """An explicit scale wins; else at least the file's replicas, and what an earlier ``scale`` made stays."""
    if spec.name in scale:
        return scale[spec.name]
    return max(spec.replicas, existing) if spec.replicas else 0


class _Reconciler:
    """Collects operations by id. Every method appends; nothing is ever taken back."""

    def __init__(self, config: MeshConfig, observed: Observed, wanted: Wanted) -> None:
        self.config = config
        self.observed = observed
        self.wanted = wanted
        self.names = selected(config, wanted.services, wanted.profiles)
        self.operations: dict[str, Operation] = {}
        self.notes: list[str] = []
        self._builds: dict[tuple[str, str], str] = {}
        self._gates: dict[str, list[str]] = {}
        self._of: dict[str, list[Container]] = {}
        for container in sorted(observed.containers, key=lambda c: (c.service, c.instance)):
            self._of.setdefault(container.service, []).append(container)

    def plan(self) -> Plan:
        self._orphans()
        for name in self.names:
            self._service(self.config.services[name])
        self._registrations()
        return Plan(self.config.name, tuple(self.operations.values()), tuple(self.notes))

    def add(self, operation: Operation) -> str:
        known = set(self.operations)
        kept = tuple(dict.fromkeys(a for a in operation.after if a in known))
        self.operations[operation.id] = Operation(
            id=operation.id,
            kind=operation.kind,
            target=operation.target,
            service=operation.service,
            cause=operation.cause,
            after=kept,
            container_id=operation.container_id,
            request=operation.request,
            spec=operation.spec,
        )
        return operation.id

    # -- what a container stands on

    def image(self, spec: ServiceSpec) -> str:
        """The operation that makes the image be here, '' if it is."""
        reference = image_reference(self.config, spec)
        key = f"image:{reference}"
        if key in self.operations:
            return key
        rebuild = self.wanted.rebuild and spec.build is not None and not self.observed.images
        if reference in self.observed.images and not rebuild:
            return ""
        kind, cause = OperationKind.PULL, "not here"
        if spec.build is not None:
            kind = OperationKind.PULL_OR_BUILD if spec.image and not rebuild else OperationKind.BUILD
            cause = "build was asked for" if rebuild else "not here"
        after: tuple[str, ...] = ()
        if spec.build is not None:
            # Builds of one recipe follow each other: the later ones find the shared layers made.
            recipe = (spec.build.context, spec.build.dockerfile)
            after = (self._builds[recipe],) if recipe in self._builds else ()
            self._builds[recipe] = key
        return self.add(Operation(key, kind, reference, spec.name, cause, after, spec=spec))

    def _ground(self, spec: ServiceSpec) -> tuple[str, ...]:
        needed = [self.image(spec)]
        for network in spec.networks:
            name = network_name(self.config.name, network)
            if name not in self.observed.networks and f"network:{name}" not in self.operations:
                self.add(Operation(f"network:{name}", OperationKind.CREATE_NETWORK, name, cause="not created"))
            needed.append(f"network:{name}")
        for mount in spec.mounts:
            if mount.type == "volume" and mount.source:
                needed.append(self._volume(mount.source))
        return tuple(filter(None, needed))

    def _volume(self, volume: str) -> str:
        name = volume_reference(self.config, volume)
        key = f"volume:{name}"
        external = bool(self.config.volumes.get(volume))
        if not external and name not in self.observed.volumes and key not in self.operations:
            self.add(Operation(key, OperationKind.CREATE_VOLUME, name, cause="not created"))
        return key

    # -- services and their instances

    def _orphans(self) -> None:
        if self.wanted.services:
            return
        for service, containers in self._of.items():
            if service not in self.config.services:
                for container in containers:
                    self._remove(container, "no longer in the file")

    def _service(self, spec: ServiceSpec) -> None:
        existing = self._of.get(spec.name, [])
        count = desired_count(spec, len(existing), self.wanted.scale)
        by_number = {container.instance: container for container in existing}
        numbers = [c.instance for c in existing][:count]
        numbers += [n for n in range(1, count + len(existing) + 1) if n not in by_number][: count - len(numbers)]
        for container in existing:
            if container.instance not in numbers:
                self._remove(container, f"scaled {len(existing)} → {count}")
        for number in sorted(numbers):
            scaled = bool(existing) and number not in by_number
            cause = f"scaled {len(existing)} → {count}" if scaled else "not created"
            self._instance(spec, number, by_number.get(number), cause)

    def _instance(self, spec: ServiceSpec, number: int, container: Container | None, absent: str) -> None:
        if container is None:
            self._create(spec, number, absent, ())
            return
        stale = self._stale(spec, container)
        if stale:
            removed = self._remove(container, stale, self._ground(spec))
            self._create(spec, number, stale, (removed,))
            for other in dependents(self.config.services, spec.name):
                if self._of.get(other):
                    self._note(f"{other} is kept: it needs {spec.name}, which is recreated ({stale})")
        elif spec.kind is ServiceKind.JOB and container.state is ContainerState.EXITED:
            if container.exit_code != 0:
                self._start(spec, number, container, f"ended with exit {container.exit_code}", ())
        elif container.state is ContainerState.PAUSED:
            operation = Operation(
                f"start:{container.instance_id}",
                OperationKind.UNPAUSE,
                container.instance_id,
                spec.name,
                "is paused",
                container_id=container.id,
            )
            self._wait(spec, number, container, self.add(operation))
        elif container.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
            self._wait(spec, number, container, "")
        else:
            self._start(spec, number, container, f"is {container.state}", ())

    def _stale(self, spec: ServiceSpec, container: Container) -> str:
        if container.config_hash != config_hash(spec):
            return "configuration changed"
        here = self.observed.images.get(image_reference(self.config, spec))
        if here and container.image_id and container.image_id != here:
            return "image changed"
        return "is dead" if container.state is ContainerState.DEAD else ""

    def _create(self, spec: ServiceSpec, number: int, cause: str, after: tuple[str, ...]) -> None:
        request = container_request(self.config, spec, number)
        identity = f"{spec.name}-{number}"
        created = self.add(
            Operation(
                f"create:{identity}",
                OperationKind.CREATE,
                identity,
                spec.name,
                cause,
                (*self._ground(spec), *after),
                request=request,
                spec=spec,
            )
        )
        self._start(spec, number, None, cause, (created,))

    def _start(
        self, spec: ServiceSpec, number: int, container: Container | None, cause: str, after: tuple[str, ...]
    ) -> None:
        gates = [
            gate
            for edge in spec.depends_on
            for gate in self._gates.get(f"{_KIND_OF_CONDITION[edge.condition]}:{edge.service}", [])
        ]
        identity = f"{spec.name}-{number}"
        started = self.add(
            Operation(
                f"start:{identity}",
                OperationKind.START,
                identity,
                spec.name,
                cause,
                (*after, *gates),
                container_id=container.id if container else "",
                spec=spec,
            )
        )
        self._wait(spec, number, container, started)

    def _wait(self, spec: ServiceSpec, number: int, container: Container | None, started: str) -> None:
        job = spec.kind is ServiceKind.JOB
        identity = f"{spec.name}-{number}"
        kind = OperationKind.WAIT_EXIT if job else OperationKind.WAIT_READY
        waited = self.add(
            Operation(
                f"{'exit' if job else 'ready'}:{identity}",
                kind,
                identity,
                spec.name,
                "",
                (started,),
                container_id=container.id if container else "",
                spec=spec,
            )
        )
        self._gates.setdefault(f"start:{spec.name}", []).append(started)
        self._gates.setdefault(f"{'exit' if job else 'ready'}:{spec.name}", []).append(waited)
        self._gates.setdefault(f"ready:{spec.name}", []).append(waited)

    def _remove(self, container: Container, cause: str, after: tuple[str, ...] = ()) -> str:
        identity = container.instance_id
        stopped = f"stop:{identity}"
        if container.state in (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED):
            spec = self.config.services.get(container.service)
            self.add(
                Operation(
                    stopped,
                    OperationKind.STOP,
                    identity,
                    container.service,
                    cause,
                    after,
                    container_id=container.id,
                    spec=spec,
                )
            )
        return self.add(
            Operation(
                f"remove:{identity}",
                OperationKind.REMOVE,
                identity,
                container.service,
                cause,
                (*after, stopped),
                container_id=container.id,
            )
        )

    def _registrations(self) -> None:
        """Being listed as passing is part of ready, but holds nobody up."""
        if not self.config.registry or self.config.registry not in self.names:
            return
        registry = tuple(self._gates.get(f"ready:{self.config.registry}", ()))
        for operation in list(self.operations.values()):
            spec = operation.spec
            if operation.kind is OperationKind.WAIT_READY and spec is not None and spec.mesh.register:
                self.add(
                    Operation(
                        f"registered:{operation.target}",
                        OperationKind.WAIT_REGISTERED,
                        operation.target,
                        spec.name,
                        "",
                        (operation.id, *registry),
                        spec=spec,
                    )
                )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
