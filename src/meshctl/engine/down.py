"""Removes what a project started, by its label: also what an older file had, and nothing of other projects."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.core.plan.removal import removal
from meshctl.engine.executor import Executor
from meshctl.engine.mesh import Mesh
from meshctl.errors import MeshError
from meshctl.model.plan import Failure, OperationKind
from meshctl.ports.world import ProgressSink


@dataclass(frozen=True, slots=True)
class DownReport:
    """How many things were removed, and what could not be; ``error`` is the first one, for its exit code."""

    project: str
    removed: int
    elapsed_ms: float
    failures: tuple[Failure, ...] = ()
    error: MeshError | None = None


async def down(mesh: Mesh, *, volumes: bool, timeout_s: float, sink: ProgressSink) -> DownReport:
    """Stop and remove containers, dependents first, then networks, then volumes if asked. Repeatable.

    ``timeout_s`` is for the whole run; each container has the grace of its service to stop. Raises
    RuntimeUnavailable.
    """
    started = mesh.clock.monotonic()
    observed = await mesh.runtime.observe(mesh.config.name)
    plan = removal(mesh.config, observed, volumes=volumes)
    outcome = await Executor(mesh, plan, sink, timeout_s, observed).run()
    stops = {operation.id for operation in plan.operations if operation.kind is OperationKind.STOP}
    removed = len(set(outcome.seconds) - stops)
    elapsed = (mesh.clock.monotonic() - started) * 1000
    return DownReport(mesh.config.name, removed, elapsed, outcome.failures, outcome.error)
