"""Probes every running instance at its own interval, and at once after it changed."""

from __future__ import annotations

import asyncio
from functools import partial

from meshctl.engine.watch.per_instance import TaskPerInstance
from meshctl.engine.watch.services import ServicesWriter
from meshctl.engine.watch.tasks import cancel_all
from meshctl.model.config import CheckKind, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.status import ProbeResult
from meshctl.ports.world import Prober

#: An instance that starts, or that failed and is not yet called failing, is asked this often.
EAGER_INTERVAL_S = 0.2
#: One that does not come up is asked at its own interval after this many seconds.
EAGER_FOR_S = 60.0
#: Probes in flight at one moment.
CONCURRENT = 8
#: No probe holds its place among them longer.
HELD_S = 2.0

_Key = tuple[str, float | None, tuple[tuple[str, str], ...]]


class ProbeWatch:
    """One task per instance that can be probed; a restart or a moved port starts it anew."""

    def __init__(self, prober: Prober, services: ServicesWriter) -> None:
        self._prober = prober
        self._services = services
        self._inventory = services.inventory
        self._clock = self._inventory.clock
        self._gate = asyncio.Semaphore(CONCURRENT)
        self._tasks = TaskPerInstance[_Key](self._inventory)

    async def run(self) -> None:
        """Never returns."""
        await self._tasks.run(self._match)

    async def _match(self) -> None:
        """One task for every instance to probe, none for the others."""
        wanted = {_key(c): partial(self._probe, c, spec) for c in self._inventory.running() if (spec := self._spec(c))}
        await self._tasks.keep(wanted)

    def _spec(self, container: Container) -> ServiceSpec | None:
        spec = self._inventory.config.services.get(container.service)
        if spec is None or spec.healthcheck.kind is CheckKind.NONE:
            return None
        waits_for_ports = bool(spec.ports) and not container.ports
        return None if waits_for_ports else spec

    async def _probe(self, container: Container, spec: ServiceSpec) -> None:
        began = self._clock.monotonic()
        passed = False
        while True:
            result = await self._ask_in_turn(container, spec)
            passed = passed or result.ok
            self._services.probed(container.id, result)
            young = not passed and self._clock.monotonic() - began < EAGER_FOR_S
            doubtful = 0 < self._inventory.observations.failures(container.id) < spec.healthcheck.retries
            interval = spec.healthcheck.every_s
            await self._clock.sleep(min(interval, EAGER_INTERVAL_S) if young or doubtful else interval)

    async def _ask_in_turn(self, container: Container, spec: ServiceSpec) -> ProbeResult:
        """One that hangs gives its place away: its check may allow it half a minute."""
        async with self._gate:
            asking = asyncio.create_task(self._ask(container, spec))
            try:
                await asyncio.wait((asking,), timeout=HELD_S)
            except asyncio.CancelledError:
                await cancel_all([asking])
                raise
        return await asking

    async def _ask(self, container: Container, spec: ServiceSpec) -> ProbeResult:
        try:
            return await self._prober.probe(spec, spec.healthcheck, container)
        except Exception as error:
            return ProbeResult(False, f"the probe itself failed: {error or type(error).__name__}")


def _key(container: Container) -> _Key:
    return (container.id, container.started_at, tuple(sorted(container.ports.items())))
