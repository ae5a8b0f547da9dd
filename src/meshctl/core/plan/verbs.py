"""Plans of what a person asks of existing instances: start, stop, restart, pause, unpause."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meshctl.core.plan.builder import ALIVE, PlanBuilder
from meshctl.core.plan.removal import down_order
from meshctl.core.plan.selection import dependents, require_known, start_order
from meshctl.errors import UsageError
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState, Observed
from meshctl.model.plan import OperationKind, Plan

CAUSE = "asked for"


def start_plan(config: MeshConfig, observed: Observed, services: Sequence[str]) -> Plan:
    """Start what does not run, dependencies first, and wait until all of it is ready."""
    draft, chosen = _chosen(config, observed, services)
    for name in start_order(config):
        for container in chosen.get(name, ()):
            spec = config.services[name]
            if container.state in (ContainerState.RUNNING, ContainerState.RESTARTING):
                draft.wait(spec, container.instance, container=container)
            else:
                draft.start(spec, container.instance, CAUSE, container=container)
    _strangers(draft, chosen)
    draft.registrations()
    return draft.plan()


def restart_plan(config: MeshConfig, observed: Observed, services: Sequence[str]) -> Plan:
    """Stop, start and wait; the instances of one service one after the other, so that the others serve on."""
    draft, chosen = _chosen(config, observed, services)
    for name in start_order(config):
        ready: tuple[str, ...] = ()
        for container in chosen.get(name, ()):
            stopped: tuple[str, ...] = ()
            if container.state in ALIVE:
                stopped = (draft.stop(container, CAUSE, after=ready),)
            waited = draft.start(
                config.services[name], container.instance, CAUSE, container=container, after=(*stopped, *ready)
            )
            ready = (waited,)
    _strangers(draft, chosen, restart=True)
    draft.registrations()
    return draft.plan()


def stop_plan(config: MeshConfig, observed: Observed, services: Sequence[str]) -> Plan:
    """Stop what runs, dependents first among the chosen; other dependents are left alone."""
    draft, chosen = _chosen(config, observed, services)
    stopped: dict[str, list[str]] = {}
    for name in down_order(config, draft):
        follows = [one for other in dependents(config.services, name) for one in stopped.get(other, ())]
        for container in chosen.get(name, ()):
            if container.state in ALIVE:
                stopped.setdefault(name, []).append(draft.stop(container, CAUSE, follows=follows))
    return draft.plan()


def pause_plan(config: MeshConfig, observed: Observed, services: Sequence[str]) -> Plan:
    """Freeze what runs."""
    return _each(config, observed, services, OperationKind.PAUSE, lambda c: c.state is ContainerState.RUNNING)


def unpause_plan(config: MeshConfig, observed: Observed, services: Sequence[str]) -> Plan:
    """Let what is paused run on."""
    return _each(config, observed, services, OperationKind.UNPAUSE, lambda c: c.state is ContainerState.PAUSED)


def _each(
    config: MeshConfig,
    observed: Observed,
    services: Sequence[str],
    kind: OperationKind,
    fits: Callable[[Container], bool],
) -> Plan:
    draft, chosen = _chosen(config, observed, services)
    for containers in chosen.values():
        for container in filter(fits, containers):
            draft.add(kind, container.instance_id, service=container.service, cause=CAUSE, container=container)
    return draft.plan()


def _strangers(draft: PlanBuilder, chosen: dict[str, list[Container]], *, restart: bool = False) -> None:
    """Start instances whose service no file names; there is nothing to judge them by, so nobody waits."""
    for name in sorted(set(chosen) - set(draft.config.services)):
        for container in chosen[name]:
            alive = container.state in ALIVE
            if alive and not restart:
                continue
            stopped = (draft.stop(container, CAUSE),) if alive else ()
            draft.add(
                OperationKind.START,
                container.instance_id,
                service=name,
                cause=CAUSE,
                after=stopped,
                container=container,
            )


def _chosen(
    config: MeshConfig, observed: Observed, services: Sequence[str]
) -> tuple[PlanBuilder, dict[str, list[Container]]]:
    """Containers of the services, of all when none is named. Raises UsageError, also when there are none."""
    draft = PlanBuilder(config, observed)
    require_known(config, services, draft.of)
    for name in services:
        if name not in draft.of:
            raise UsageError(f"{name} has no container", hint=f"meshctl up {name}")
    if not draft.of:
        raise UsageError(f"nothing of {config.name} exists", hint="meshctl up")
    return draft, {name: of for name, of in draft.of.items() if not services or name in services}
