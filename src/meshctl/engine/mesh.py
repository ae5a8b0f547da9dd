"""What every engine function is given: the file, and the world behind ports."""

from __future__ import annotations

from dataclasses import dataclass

from meshctl.model.config import MeshConfig
from meshctl.ports.journal import Journal
from meshctl.ports.registry import RegistryConnector
from meshctl.ports.runtime import Runtime
from meshctl.ports.telemetry import Collectors
from meshctl.ports.turns import Turns
from meshctl.ports.world import Clock, Prober


@dataclass(slots=True)
class Mesh:
    """One project in one world."""

    config: MeshConfig
    runtime: Runtime
    connect_registry: RegistryConnector
    prober: Prober
    clock: Clock
    collectors: Collectors
    journal: Journal
    turns: Turns

    async def close(self) -> None:
        """Let go of sockets and threads."""
        await self.prober.close()
        await self.runtime.close()
