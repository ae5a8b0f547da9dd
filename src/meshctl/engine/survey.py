"""How the project goes at this moment: one look at the engine, then probes and registry side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from meshctl.core.health.findings import blamed, findings
from meshctl.core.plan.selection import require_known
from meshctl.core.resolve import absence, registry_address
from meshctl.engine.mesh import Mesh
from meshctl.engine.watch.observations import Observations
from meshctl.engine.watch.verdict import in_play, judge
from meshctl.errors import MeshError
from meshctl.model.config import CheckKind
from meshctl.model.containers import Container, ContainerState
from meshctl.model.findings import Survey
from meshctl.model.status import ProbeResult

#: No probe, and not the registry either, is waited for longer.
ASK_TIMEOUT_S = 2.0


async def take_survey(mesh: Mesh, services: Sequence[str] = (), *, probe: bool = True) -> Survey:
    """One status per service, in the file's order; all that have containers or belong to no profile. Findings of all.

    A registry that does not answer is a reason, not an error. Raises RuntimeUnavailable, UsageError for an
    unknown service.
    """
    observed = await mesh.runtime.observe(mesh.config.name)
    require_known(mesh.config, services, {container.service for container in observed.containers})
    observations = Observations(mesh.config)
    observations.contain({container.id: container for container in observed.containers})
    asked = [_ask_registry(mesh, observations)]
    if probe:
        asked += [_probe(mesh, observations, container) for container in observed.containers]
    await asyncio.gather(*asked)
    now = mesh.clock.now()
    statuses = tuple(
        status for status in judge(observations, now) if status.service in services or in_play(mesh.config, status)
    )
    found = findings(statuses)
    shown = (status for status in blamed(statuses, found) if not services or status.service in services)
    return Survey(now, tuple(shown), found)


async def _ask_registry(mesh: Mesh, observations: Observations) -> None:
    if not mesh.config.registry:
        return
    containers = list(observations.containers.values())
    address = registry_address(mesh.config, containers)
    if address is None:
        observations.registry_error = f"it {absence(mesh.config.registry, containers)[0]}"
        return
    registry = mesh.connect_registry(address)
    try:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            observations.registrations = await registry.registrations()
    except TimeoutError:
        observations.registry_error = f"no answer within {ASK_TIMEOUT_S:g} s"
    except MeshError as error:
        observations.registry_error = str(error)
    finally:
        await registry.close()


async def _probe(mesh: Mesh, observations: Observations, container: Container) -> None:
    spec = mesh.config.services.get(container.service)
    if spec is None or spec.healthcheck.kind is CheckKind.NONE:
        return
    if container.state is not ContainerState.RUNNING:
        return
    limit = min(spec.healthcheck.timeout_s, ASK_TIMEOUT_S)
    try:
        async with asyncio.timeout(limit + 0.5):
            result = await mesh.prober.probe(spec, replace(spec.healthcheck, timeout_s=limit), container)
    except TimeoutError:
        result = ProbeResult(False, f"no answer within {limit:g} s", limit)
    observations.note_probe(container.id, result)
