"""Plans of what a person asks of existing instances: start, stop, restart, pause, unpause, down."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from meshctl.core.names import not_created
from meshctl.core.plan.builder import ALIVE, PlanBuilder
from meshctl.core.plan.selection import dependents, require_known, start_order
from meshctl.errors import UsageError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import EVERY_CAPABILITY, Capability, Container, ContainerState, Observed
from meshctl.model.plan import OperationKind, Plan

ASKED_FOR = "asked for"
DOWN = "down"


def start_plan(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Start what does not run, dependencies first, and wait until all of it is ready."""
    draft, chosen = _chosen(config, observed, services, can)
    draft.merge_networks()
    for name in start_order(config):
        for container in chosen.get(name, ()):
            spec = config.services[name]
            if container.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
                draft.wait_running(spec, container.instance)
            else:
                draft.start(spec, container.instance, ASKED_FOR, container=container)
    _strangers(draft, chosen)
    draft.registrations()
    return draft.plan()


def restart_plan(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Stop, start and wait; the instances of one service one after the other, so that the others serve on."""
    draft, chosen = _chosen(config, observed, services, can)
    draft.merge_networks()
    for name in start_order(config):
        ready: tuple[str, ...] = ()
        for container in chosen.get(name, ()):
            stopped: tuple[str, ...] = ()
            if container.state in ALIVE:
                stopped = (draft.stop(container, ASKED_FOR, after=ready),)
            waited = draft.start(
                config.services[name], container.instance, ASKED_FOR, container=container, after=(*stopped, *ready)
            )
            ready = (waited,)
    _strangers(draft, chosen, restart=True)
    draft.registrations()
    return draft.plan()


def stop_plan(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Stop what runs, dependents first among the chosen; other dependents are left alone."""
    draft, chosen = _chosen(config, observed, services, can)
    stopped: dict[str, list[str]] = {}
    for name in _down_order(config, draft):
        follows = [one for other in dependents(config.services, name) for one in stopped.get(other, ())]
        for container in chosen.get(name, ()):
            if container.state in ALIVE:
                stopped.setdefault(name, []).append(draft.stop(container, ASKED_FOR, follows=follows))
    return draft.plan()


def pause_plan(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Freeze what runs. Raises UsageError also on a runtime that cannot."""
    return _each(config, observed, services, can, OperationKind.PAUSE, ContainerState.RUNNING)


def unpause_plan(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Let what is paused run on. Raises UsageError also on a runtime that cannot."""
    return _each(config, observed, services, can, OperationKind.UNPAUSE, ContainerState.PAUSED)


def down_plan(
    config: MeshConfig, observed: Observed, *, volumes: bool, can: frozenset[Capability] = EVERY_CAPABILITY
) -> Plan:
    """Remove all that the runtime holds of the project, whatever the file says today.

    Dependents go before what they need, networks and, if asked, ``volumes`` last.
    """
    draft = PlanBuilder(config, observed, can)
    gone: dict[str, list[str]] = {}
    removed: list[str] = []
    for service in _down_order(config, draft):
        follows = [one for other in dependents(config.services, service) for one in gone.get(other, ())]
        for container in draft.of[service]:
            last = draft.remove(container, DOWN, follows=follows)
            removed.append(last)
            # A dependency may stop as soon as its dependents have: removing them takes nothing away from it.
            stopped = f"stop:{container.instance_id}" if container.state in ALIVE else last
            gone.setdefault(service, []).append(stopped)
    for network in observed.networks:
        draft.add(OperationKind.REMOVE_NETWORK, network, cause=DOWN, after=removed)
    for volume in observed.volumes if volumes else ():
        draft.add(OperationKind.REMOVE_VOLUME, volume, cause=DOWN, after=removed)
    return draft.plan()


def _down_order(config: MeshConfig, draft: PlanBuilder) -> list[str]:
    """Services that have containers, dependents first; those no file names come at the end."""
    known = [name for name in reversed(start_order(config)) if name in draft.of]
    return [*known, *sorted(set(draft.of) - set(known))]


def _each(
    config: MeshConfig,
    observed: Observed,
    services: Sequence[str],
    can: frozenset[Capability],
    kind: OperationKind,
    state: ContainerState,
) -> Plan:
    """One operation for every chosen instance that is in ``state``."""
    if not kind.possible(can):
        raise UsageError(f"this runtime cannot {kind} an instance", hint="Stop it instead: meshctl stop")
    draft, chosen = _chosen(config, observed, services, can)
    for container in itertools.chain.from_iterable(chosen.values()):
        if container.state is state:
            draft.add(kind, container.instance_id, service=container.service, cause=ASKED_FOR, container=container)
    return draft.plan()


def _strangers(draft: PlanBuilder, chosen: dict[str, list[Container]], *, restart: bool = False) -> None:
    """Start instances whose service no file names; there is nothing to judge them by, so nobody waits."""
    for name in sorted(set(chosen) - set(draft.config.services)):
        for container in chosen[name]:
            alive = container.state in ALIVE
            if alive and not restart:
                continue
            stopped = (draft.stop(container, ASKED_FOR),) if alive else ()
            draft.add(
                OperationKind.START,
                container.instance_id,
                service=name,
                cause=ASKED_FOR,
                after=stopped,
                container=container,
            )


def _chosen(
    config: MeshConfig, observed: Observed, services: Sequence[str], can: frozenset[Capability]
) -> tuple[PlanBuilder, dict[str, list[Container]]]:
    """Containers of the services, of all when none is named. Raises UsageError, also when there are none."""
    draft = PlanBuilder(config, observed, can)
    require_known(config, services, draft.of)
    for name in services:
        if name not in draft.of:
            raise not_created(name)
    if not draft.of:
        raise UsageError(f"nothing of {config.name} exists", hint="meshctl up")
    return draft, {name: of for name, of in draft.of.items() if not services or name in services}
