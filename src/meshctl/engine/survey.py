"""How the project goes at this moment: one look at the engine, then probes and registry side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from meshctl.core.health.blame import who_needs_what_is_down
from meshctl.core.health.findings import blamed, findings, is_well
from meshctl.core.health.verdict import is_starting
from meshctl.core.plan.selection import require_known
from meshctl.core.resolve import absence, registry_address
from meshctl.engine.asking import ask, unanswered
from meshctl.engine.evidence import gather, glance
from meshctl.engine.mesh import Mesh
from meshctl.engine.observation_cache import ObservationCache
from meshctl.engine.watch.observations import Observations
from meshctl.engine.watch.verdict import in_play, judge
from meshctl.errors import MeshError
from meshctl.model.config import CheckKind
from meshctl.model.containers import Container, ContainerState
from meshctl.model.findings import Survey

#: No probe, and not the registry either, is waited for longer.
ASK_TIMEOUT_S = 2.0
#: Nor this long one whose service needs what is down, and so may hang as well.
EXPLAINED_TIMEOUT_S = 1.0
#: A check that fails is asked again after this many seconds: one failure alone is no verdict.
REPEAT_S = 0.2
#: The second answer is waited for at least so long, and else for what the first has left of the limit.
AGAIN_TIMEOUT_S = 0.5


async def take_survey(mesh: Mesh, services: Sequence[str] = (), *, probe: bool = True) -> Survey:
    """One status per service, in the file's order; all that have containers or belong to no profile. Findings of all.

    A registry that does not answer is a reason, not an error. Raises RuntimeUnavailable, UsageError for an
    unknown service.
    """
    cache = ObservationCache(mesh)
    try:
        return await survey_of(mesh, cache, services, probe=probe)
    finally:
        await cache.close()


async def survey_of(
    mesh: Mesh,
    cache: ObservationCache,
    services: Sequence[str] = (),
    *,
    probe: bool = True,
    limit_s: float = ASK_TIMEOUT_S,
) -> Survey:
    """The same with what ``cache`` has seen a moment ago; no probe of ``services`` takes longer than ``limit_s``."""
    observed = await cache.observed()
    require_known(mesh.config, services, {container.service for container in observed.containers})
    observations = Observations(mesh.config)
    observations.contain({container.id: container for container in observed.containers})
    asked = [_ask_registry(mesh, cache, observations)]
    if probe:
        hopeless = who_needs_what_is_down(mesh.config, observed.containers)
        for container in observed.containers:
            limit = limit_s if not services or container.service in services else ASK_TIMEOUT_S
            known = container.service in hopeless
            asked.append(_probe(mesh, cache, observations, container, limit, explained=known))
    facts, _ = await asyncio.gather(glance(mesh, observed.containers), asyncio.gather(*asked))
    now = mesh.clock.now()
    judged = judge(observations, cache.memory, now)
    statuses = tuple(status for status in judged if status.service in services or in_play(mesh.config, status))
    if not is_well(statuses, facts, now):
        facts = await gather(mesh, statuses, facts)
    found = findings(mesh.config, statuses, facts, now)
    shown = (status for status in blamed(statuses, found) if not services or status.service in services)
    return Survey(now, tuple(shown), found)


async def _ask_registry(mesh: Mesh, cache: ObservationCache, observations: Observations) -> None:
    if not mesh.config.registry:
        return
    containers = list(observations.containers.values())
    if registry_address(mesh.config, containers) is None:
        observations.registry_error = f"it {absence(mesh.config.registry, containers)[0]}"
        return
    try:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            observations.registrations = await cache.registrations()
    except TimeoutError:
        observations.registry_error = f"no answer within {ASK_TIMEOUT_S:g} s"
    except MeshError as error:
        observations.registry_error = str(error)


async def _probe(
    mesh: Mesh,
    cache: ObservationCache,
    observations: Observations,
    container: Container,
    limit_s: float,
    *,
    explained: bool,
) -> None:
    """``explained``: why it would fail is seen already, so that one failure is no surprise."""
    spec = mesh.config.services.get(container.service)
    if spec is None or spec.healthcheck.kind is CheckKind.NONE or container.state is not ContainerState.RUNNING:
        return
    limit_s = min(limit_s, EXPLAINED_TIMEOUT_S) if explained else limit_s
    run = observations.runs[container.id]
    run.probe = cache.passed(container) or await ask(mesh, spec, container, limit_s)
    if run.probe is None:
        run.probe = cache.failed(container)
        run.unanswered = "" if run.probe else unanswered(spec.healthcheck, limit_s)
        return
    if run.probe.ok or explained:
        return
    been_ready = cache.memory.been_ready(container)
    if is_starting(container, spec, mesh.clock.now(), been_ready):
        return
    await mesh.clock.sleep(REPEAT_S)
    left_s = min(limit_s, spec.healthcheck.timeout_s) - run.probe.elapsed_s
    again = await ask(mesh, spec, container, max(AGAIN_TIMEOUT_S, left_s))
    passes = again is not None and again.ok
    if passes and been_ready is False:
        run.probe = again  # it has got ready just now
    else:
        run.lone = int(passes)
