"""What every engine function is given: the file, and the world behind ports."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.model.config import MeshConfig
from meshctl.ports import Clock, Collectors, ContainerEngine, Prober, RegistryConnector


@dataclass(slots=True)
class Mesh:
    """One project in one world."""

    config: MeshConfig
    containers: ContainerEngine
    connect_registry: RegistryConnector
    prober: Prober
    clock: Clock
    collectors: Collectors

    async def close(self) -> None:
        """Let go of sockets and threads."""
        await self.prober.close()
        await self.containers.close()
