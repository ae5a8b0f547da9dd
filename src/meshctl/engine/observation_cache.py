"""One look at the runtime and one at the registry, shared by all who wait for something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from meshctl.core.resolve import registry_address
from meshctl.engine.mesh import Mesh
from meshctl.engine.run_memory import RunMemory
from meshctl.errors import RegistryUnavailable
from meshctl.model.containers import Container, Observed
from meshctl.model.registry import Registration
from meshctl.model.status import ProbeResult
from meshctl.ports.registry import Registry

_Seen = TypeVar("_Seen")

#: A picture younger than this is as good as a new one.
FRESH_S = 0.1
#: A check that passed within this many seconds need not be asked again.
PASSED_S = 1.0


class ObservationCache:
    """What is seen of one project, and remembered of it. ``observed``, if given, counts as seen now."""

    def __init__(self, mesh: Mesh, observed: Observed | None = None) -> None:
        self._mesh = mesh
        self._observed = SharedResult(mesh.clock.monotonic, lambda: mesh.runtime.observe(mesh.config.name))
        self._registrations = SharedResult(mesh.clock.monotonic, self._ask_registry)
        self._changed: dict[str, int] = {}
        self._registry: tuple[str, Registry] | None = None
        self._answers: dict[tuple[str, float | None], tuple[float, ProbeResult]] = {}
        self.memory = RunMemory(mesh.journal, mesh.clock)
        if observed is not None:
            self._observed.put(observed)

    def changed(self, instance: str) -> None:
        """A picture that was begun before this call says nothing about the instance any more."""
        self._changed[instance] = self._observed.begun

    async def observed(self) -> Observed:
        """All of it, with every change that this process made. Raises RuntimeUnavailable."""
        return await self._observed.get(FRESH_S, max(self._changed.values(), default=0))

    async def registrations(self) -> tuple[Registration, ...]:
        """What the registry lists. Raises RegistryUnavailable, RuntimeUnavailable."""
        return await self._registrations.get(FRESH_S)

    def note_answer(self, container: Container, result: ProbeResult) -> None:
        """Its check has answered just now."""
        self._answers[container.id, container.started_at] = self._mesh.clock.monotonic(), result

    def passed(self, container: Container) -> ProbeResult | None:
        """The last answer in this run, of a check that passed a moment ago."""
        moment, result = self._answers.get((container.id, container.started_at), (0.0, None))
        fresh = self._mesh.clock.monotonic() - moment <= PASSED_S
        return result if fresh and result is not None and result.ok else None

    def failed(self, container: Container) -> ProbeResult | None:
        """The last answer in this run, of a check that failed: all that is known where no newer one can be had."""
        _, result = self._answers.get((container.id, container.started_at), (0.0, None))
        return None if result is None or result.ok else result

    async def container(self, instance: str) -> Container | None:
        """The instance, None if there is none. Raises RuntimeUnavailable."""
        observed = await self._observed.get(FRESH_S, self._changed.get(instance, 0))
        return next((c for c in observed.containers if c.instance_id == instance), None)

    async def registration(self, instance: str) -> Registration | None:
        """How the registry lists the instance. Raises RegistryUnavailable, RuntimeUnavailable."""
        listed = await self.registrations()
        return next((entry for entry in listed if entry.id == instance), None)

    async def close(self) -> None:
        """Nobody looks any more."""
        await self._observed.close()
        await self._registrations.close()
        await self._let_go()

    async def _ask_registry(self) -> tuple[Registration, ...]:
        observed = await self.observed()
        name = self._mesh.config.registry
        address = registry_address(self._mesh.config, observed.containers)
        if address is None:
            raise RegistryUnavailable(f"{name} does not run", hint=f"meshctl up {name}")
        if self._registry is None or self._registry[0] != address:
            await self._let_go()
            self._registry = (address, self._mesh.connect_registry(address))
        return await self._registry[1].registrations()

    async def _let_go(self) -> None:
        if self._registry is not None:
            await self._registry[1].close()
            self._registry = None


class SharedResult(Generic[_Seen]):
    """The latest result of ``take``; who asks while it is being taken waits for the same."""

    def __init__(self, time: Callable[[], float], take: Callable[[], Awaitable[_Seen]]) -> None:
        self._time = time
        self._take = take
        self._kept: tuple[int, float, _Seen] | None = None
        self._taking: asyncio.Task[None] | None = None
        #: How many takings have begun.
        self.begun = 0

    def put(self, value: _Seen) -> None:
        """As if it had been taken now."""
        self.begun += 1
        self._kept = (self.begun, self._time(), value)

    async def get(self, max_age_s: float, newer_than: int = 0) -> _Seen:
        """A result begun at most ``max_age_s`` before this call, and not among the first ``newer_than``.

        Raises what ``take`` raises.
        """
        earliest = self._time() - max_age_s
        while self._kept is None or self._kept[0] <= newer_than or self._kept[1] < earliest:
            if self._taking is None or self._taking.done():
                self.begun += 1
                self._taking = asyncio.create_task(self._renew(self.begun))
            await asyncio.shield(self._taking)
        return self._kept[2]

    async def close(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)

    async def _renew(self, number: int) -> None:
        began = self._time()
        self._kept = (number, began, await self._take())
