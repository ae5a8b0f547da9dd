"""Where the project's registry answers."""

from __future__ import annotations

from collections.abc import Sequence

from meshctl.core.resolve import HTTP, published_address
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, ContainerState


def registry_address(config: MeshConfig, containers: Sequence[Container]) -> str | None:
    """``host:port`` of the registry's published ``http`` port; None while it does not run."""
    for container in containers:
        if container.service == config.registry and container.state is ContainerState.RUNNING:
            address = published_address(container, HTTP)
            if address:
                return address
    return None
