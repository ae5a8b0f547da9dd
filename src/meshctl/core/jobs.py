"""Which services are done once their process has ended with 0."""

from __future__ import annotations

from meshctl.core.plan.selection import dependents
from meshctl.model.config import CheckKind, Condition, MeshConfig, RestartPolicy, ServiceKind, ServiceSpec
from meshctl.model.containers import Container, ContainerState

_ENDING = (RestartPolicy.NO, RestartPolicy.ON_FAILURE)


def ends(config: MeshConfig, spec: ServiceSpec) -> bool:
    """Whether it is ready only then: a job, or what another waits for to complete."""
    return spec.kind is ServiceKind.JOB or any(
        edge.service == spec.name and edge.condition is Condition.COMPLETED
        for other in config.services.values()
        for edge in other.depends_on
    )


def may_end(config: MeshConfig, spec: ServiceSpec) -> bool:
    """Whether an end with 0 is no failure: also of what nobody asks, needs, finds or keeps running."""
    return ends(config, spec) or (
        spec.restart in _ENDING
        and spec.healthcheck.kind is CheckKind.NONE
        and not spec.ports
        and not spec.mesh.register
        and not dependents(config.services, spec.name)
    )


def is_done(container: Container) -> bool:
    """Whether its process has ended with 0."""
    return container.state is ContainerState.EXITED and container.exit_code == 0 and not container.error
