"""The rest of a fake world: time that passes only when everybody waits, probes, a registry, a sink."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from meshctl.core.resolve import published_address
from meshctl.errors import RegistryUnavailable
from meshctl.model.calls import HTTP
from meshctl.model.config import CheckKind, HealthCheck, ServiceSpec
from meshctl.model.containers import Container
from meshctl.model.progress import Phase, ProgressEvent
from meshctl.model.registry import Registration
from meshctl.model.status import ProbeResult
from tests.builders import registration
from tests.fakes.containers import FakeEngine

#: Loop turns without a new sleeper after which everybody is taken to be waiting.
_IDLE_TURNS = 30


class FakeClock:
    """Virtual time: when nothing else can happen, it jumps to the earliest sleeper's moment."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self._turns = 0
        self._pumping = False

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass without waking anybody who sleeps longer."""
        self._elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + max(0.0, seconds), next(self._count), future))
        self._turns = _IDLE_TURNS
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)
        await future

    def _pump(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            self._pumping = False
            return
        if self._turns > 0:
            self._turns -= 1
        else:
            moment, _, future = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, moment)
            future.set_result(None)
            self._turns = _IDLE_TURNS
        asyncio.get_running_loop().call_soon(self._pump)


class FakeProber:
    """Passes when the instance has run as long as its behaviour's ``ready_after_s`` says."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.probed: list[str] = []
        self.closed = False

    async def probe(self, spec: ServiceSpec, check: HealthCheck, container: Container) -> ProbeResult:
        await asyncio.sleep(0)
        self.probed.append(container.instance_id)
        if check.kind is CheckKind.NONE:
            return ProbeResult(True)
        behaviour = self._engine.behaviour(container.service)
        uptime = self._engine.uptime(container.id)
        if uptime is None or behaviour.ready_after_s is None or uptime < behaviour.ready_after_s:
            return ProbeResult(False, behaviour.detail)
        return ProbeResult(True)

    async def close(self) -> None:
        self.closed = True


class FakeRegistry:
    """What was registered by hand, and with an ``engine`` every running instance that registers itself."""

    def __init__(self, engine: FakeEngine | None = None) -> None:
        self._engine = engine
        self._entries: dict[str, Registration] = {}
        self._changed = asyncio.Event()
        self.up = True
        self.connections: list[str] = []
        self.reads = 0

    def connect(self, address: str) -> FakeRegistry:
        """The ``RegistryConnector`` of this registry, whatever the address."""
        self.connections.append(address)
        return self

    async def register(self, registration: Registration) -> None:
        self._entries[registration.id] = registration
        self._tell()

    async def forget(self, instance_id: str) -> None:
        self._entries.pop(instance_id, None)
        self._tell()

    async def stop(self) -> None:
        self.up = False
        self._tell()

    async def registrations(self) -> tuple[Registration, ...]:
        await asyncio.sleep(0)
        self._require()
        self.reads += 1
        return tuple({**self._running(), **self._entries}.values())

    async def watch(self) -> AsyncIterator[tuple[Registration, ...]]:
        while True:
            changed = self._changed
            yield await self.registrations()
            await changed.wait()

    async def deregister(self, instance_id: str) -> None:
        self._require()
        await self.forget(instance_id)

    async def close(self) -> None:
        return

    def _require(self) -> None:
        if not self.up:
            raise RegistryUnavailable("the registry does not answer")

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _running(self) -> dict[str, Registration]:
        found: dict[str, Registration] = {}
        for container in self._engine.containers() if self._engine else ():
            behaviour = self._engine.behaviour(container.service) if self._engine else None
            uptime = self._engine.uptime(container.id) if self._engine else None
            if behaviour is None or uptime is None or not container.register:
                continue
            if behaviour.registers_after_s is None or uptime < behaviour.registers_after_s:
                continue
            host, _, port = (published_address(container, HTTP) or "127.0.0.1:0").rpartition(":")
            found[container.instance_id] = registration(
                container.instance_id,
                behaviour.check,
                behaviour.check_output,
                service=container.register,
                address=host,
                port=int(port),
            )
        return found


@dataclass(slots=True)
class RecordingSink:
    """Keeps every event; ``react`` is called with each."""

    events: list[ProgressEvent] = field(default_factory=list)
    react: Callable[[ProgressEvent], None] | None = None

    def emit(self, event: ProgressEvent) -> None:
        self.events.append(event)
        if self.react is not None:
            self.react(event)

    def lines(self, *phases: Phase) -> list[str]:
        """``start users-1 done`` per event, of these phases or of all."""
        return [
            f"{event.operation} {event.target} {event.phase}"
            for event in self.events
            if not phases or event.phase in phases
        ]

    def done(self, operation: str = "") -> list[str]:
        """Targets of the operations that were done, in order."""
        return [
            event.target
            for event in self.events
            if event.phase is Phase.DONE and (not operation or event.operation == operation)
        ]
