"""The way down: dependents before what they need, networks and volumes last."""

from __future__ import annotations

from meshctl.core.plan.builder import ALIVE, PlanBuilder
from meshctl.core.plan.selection import dependents, start_order
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Observed
from meshctl.model.plan import OperationKind, Plan

CAUSE = "down"


def removal(config: MeshConfig, observed: Observed, *, volumes: bool) -> Plan:
    """Everything the engine holds of the project, whatever the file says today."""
    draft = PlanBuilder(config, observed)
    gone: dict[str, list[str]] = {}
    removed: list[str] = []
    for service in down_order(config, draft):
        follows = [one for other in dependents(config.services, service) for one in gone.get(other, ())]
        for container in draft.of[service]:
            last = draft.remove(container, CAUSE, follows=follows)
            removed.append(last)
            # A dependency may stop as soon as its dependents have: removing them takes nothing away from it.
            stopped = f"stop:{container.instance_id}" if container.state in ALIVE else last
            gone.setdefault(service, []).append(stopped)
    for network in observed.networks:
        draft.add(OperationKind.REMOVE_NETWORK, network, cause=CAUSE, after=removed)
    for volume in observed.volumes if volumes else ():
        draft.add(OperationKind.REMOVE_VOLUME, volume, cause=CAUSE, after=removed)
    return draft.plan()


def down_order(config: MeshConfig, draft: PlanBuilder) -> list[str]:
    """Services that have containers, dependents first; those no file names come at the end."""
    known = [name for name in reversed(start_order(config)) if name in draft.of]
    return [*known, *sorted(set(draft.of) - set(known))]
