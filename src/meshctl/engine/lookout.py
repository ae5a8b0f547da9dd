"""One look at the engine and the registry for all that wait at the same time."""

from __future__ import annotations

import asyncio

from meshctl.engine.mesh import Mesh
from meshctl.engine.registry import registry_address
from meshctl.errors import RegistryUnavailable, ServiceFailed
from meshctl.model.containers import Container, Observed
from meshctl.model.status import Registration

#: A look serves everybody who asks within this many seconds.
FRESH_S = 0.1


class Lookout:
    """Shares looks between waiters. ``since`` (monotonic seconds) asks for one that began no earlier."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._lock = asyncio.Lock()
        self._began = float("-inf")
        self._observed = Observed(mesh.config.name)
        self._listed_lock = asyncio.Lock()
        self._listed_at = float("-inf")
        self._listed: dict[str, Registration] = {}

    async def container(self, instance: str, since: float) -> Container:
        """The instance as the engine sees it. Raises ServiceFailed when it is gone, EngineUnavailable."""
        for container in (await self._look(since)).containers:
            if container.instance_id == instance:
                return container
        service = instance.rpartition("-")[0]
        raise ServiceFailed(f"{instance} was removed while it was waited for", service=service)

    async def registration(self, instance: str, since: float) -> Registration | None:
        """The instance as the registry lists it. Raises RegistryUnavailable."""
        async with self._listed_lock:
            now = self._mesh.clock.monotonic()
            if self._listed_at < max(since, now - FRESH_S):
                self._listed = {entry.id: entry for entry in await self._ask(since)}
                self._listed_at = now
            return self._listed.get(instance)

    async def _look(self, since: float) -> Observed:
        async with self._lock:
            now = self._mesh.clock.monotonic()
            if self._began < max(since, now - FRESH_S):
                self._observed = await self._mesh.containers.observe(self._mesh.config.name)
                self._began = now
            return self._observed

    async def _ask(self, since: float) -> tuple[Registration, ...]:
        config = self._mesh.config
        address = registry_address(config, (await self._look(since)).containers)
        if address is None:
            raise RegistryUnavailable(f"{config.registry} does not run", hint=f"meshctl start {config.registry}")
        registry = self._mesh.connect_registry(address)
        try:
            return await registry.registrations()
        finally:
            await registry.close()
