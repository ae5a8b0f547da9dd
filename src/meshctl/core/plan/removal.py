"""The way down: dependents before what they need, networks and volumes last."""

from __future__ import annotations

from collections import defaultdict

from meshctl.core.plan.selection import dependents
from meshctl.model.config import MeshConfig
from meshctl.model.containers import ContainerState, Observed
from meshctl.model.plan import Operation, OperationKind, Plan

_ALIVE = (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED)
CAUSE = "down"


def removal(config: MeshConfig, observed: Observed, *, volumes: bool) -> Plan:
    """Everything the engine holds of the project, whatever the file says today."""
    present = {container.service for container in observed.containers}
    operations: list[Operation] = []
    gone: dict[str, list[str]] = defaultdict(list)
    order = [name for name in _top_down(config) if name in present]
    order += sorted(present - set(order))
    for service in order:
        after = tuple(key for other in dependents(config.services, service) for key in gone[other])
        for container in observed.containers:
            if container.service != service:
                continue
            target, spec = container.instance_id, config.services.get(service)
            stop, remove = f"stop:{target}", f"remove:{target}"
            before = after
            if container.state in _ALIVE:
                operations.append(
                    Operation(stop, OperationKind.STOP, target, service, CAUSE, after, container.id, spec=spec)
                )
                before = (stop,)
            operations.append(Operation(remove, OperationKind.REMOVE, target, service, CAUSE, before, container.id))
            # A dependency may stop as soon as its dependents have: removing them takes nothing away from it.
            gone[service].append(stop if container.state in _ALIVE else remove)
    removed = tuple(o.id for o in operations if o.kind is OperationKind.REMOVE)
    for network in observed.networks:
        operations.append(Operation(f"network:{network}", OperationKind.REMOVE_NETWORK, network, "", CAUSE, removed))
    for volume in observed.volumes if volumes else ():
        operations.append(Operation(f"volume:{volume}", OperationKind.REMOVE_VOLUME, volume, "", CAUSE, removed))
    return Plan(config.name, tuple(operations))


def _top_down(config: MeshConfig) -> list[str]:
    """Services so that each comes after all that depend on it."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        for other in dependents(config.services, name):
            visit(other)
        ordered[name] = None

    for name in config.services:
        visit(name)
    return list(ordered)
