"""A runtime in memory that keeps the promises of ports.Runtime."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from meshctl.errors import NotFound, PortInUse, RuntimeUnavailable
from meshctl.model.containers import (
    EVERY_CAPABILITY,
    Capability,
    Container,
    ContainerRequest,
    ContainerState,
    LogLine,
    Observed,
    RuntimeEvent,
    RuntimeInfo,
)
from meshctl.ports.runtime import Search
from meshctl.ports.world import Clock
from tests.builders import image_id
from tests.fakes.groups import FakeExec, FakeImages, FakeInstances, FakePausing, FakeResources, FakeStats, FakeVolumes
from tests.fakes.machine import Behaviour, Death, Machine

__all__ = ["Behaviour", "Death", "FakeEngine"]

_UP = ContainerState.RUNNING


class FakeEngine:
    """One runtime that ``can`` so much. ``images`` are here, ``pullable`` can be fetched, a build can be built.

    ``fail`` maps ``(operation, target)``, such as ``("start", "users-1")``, to the error that call raises.
    ``hold`` maps the same to an event that the call waits for. ``calls`` lists what was asked, in order;
    ``busiest`` is the most changing calls that were under way at once.
    """

    def __init__(
        self,
        clock: Clock,
        images: Sequence[str] = (),
        pullable: Sequence[str] = (),
        can: frozenset[Capability] = EVERY_CAPABILITY,
    ) -> None:
        self.clock = clock
        self.address = "fake://engine"
        self.instances = FakeInstances(self)
        self.pausing = FakePausing(self) if Capability.PAUSING in can else None
        self.images = FakeImages(self) if Capability.IMAGES in can else None
        self.networks = FakeResources(self, "network") if Capability.NETWORKS in can else None
        self.volumes = FakeVolumes(self) if Capability.VOLUMES in can else None
        self.stats = FakeStats(self) if Capability.STATS in can else None
        self.exec = FakeExec(self) if Capability.EXEC in can else None
        self.present = {reference: image_id(reference) for reference in images}
        self.pullable = set(pullable)
        self.unbuildable: set[str] = set()
        self.behaviours: dict[str, Behaviour] = {}
        self.taken_ports: dict[int, str] = {}
        self.fail: dict[tuple[str, str], Exception] = {}
        self.hold: dict[tuple[str, str], asyncio.Event] = {}
        self.seconds: dict[str, float] = {}
        self.calls: list[str] = []
        self.busiest = 0
        self.up = True
        self.closed = False
        self._busy = 0
        self.machines: dict[str, Machine] = {}
        self.numbers = itertools.count(1)
        self._host_ports = itertools.count(49153)
        self._last_time = 0.0
        self._listeners: dict[str, list[asyncio.Queue[RuntimeEvent | None]]] = defaultdict(list)
        self._remembered: dict[str, deque[RuntimeEvent]] = defaultdict(lambda: deque(maxlen=256))

    # -- what a test looks at and turns

    def behaviour(self, service: str) -> Behaviour:
        return self.behaviours.get(service, Behaviour())

    def containers(self) -> tuple[Container, ...]:
        found = (machine.container for machine in self.machines.values())
        return tuple(sorted(found, key=lambda c: (c.service, c.instance, c.name)))

    def get(self, instance_id: str) -> Container:
        (found,) = (c for c in self.containers() if c.instance_id == instance_id)
        return found

    def states(self) -> dict[str, str]:
        return {c.instance_id: c.state.value for c in self.containers()}

    def requested(self, instance_id: str) -> ContainerRequest:
        return self.machines[self.get(instance_id).id].request

    def uptime(self, container_id: str) -> float | None:
        """Seconds since the start, None while it does not run."""
        machine = self.machines.get(container_id)
        if machine is None or machine.container.state is not _UP:
            return None
        return max(0.0, self.clock.now() - (machine.container.started_at or 0.0))

    def write(self, instance_id: str, *texts: str, stream: str = "stdout") -> None:
        """Lines from inside the container."""
        self.machines[self.get(instance_id).id].write(texts, stream)

    def die(self, instance_id: str, exit_code: int, *, oom: bool = False) -> None:
        """The main process ends; the restart policy decides what follows."""
        self.machines[self.get(instance_id).id].die(Death(0.0, exit_code, oom))

    def pause(self, instance_id: str) -> None:
        self.machines[self.get(instance_id).id].set_paused(True)

    def go_away(self) -> None:
        """No answers any more; streams end."""
        self.up = False
        for queues in self._listeners.values():
            for queue in queues:
                queue.put_nowait(None)
        for machine in self.machines.values():
            machine.cut_readers()

    def count(self) -> Counter[str]:
        """How often each method was called."""
        return Counter(call.split()[0] for call in self.calls)

    def stamp(self) -> float:
        """The time now, later than every stamp before."""
        self._last_time = max(self.clock.now(), self._last_time + 5e-7)
        return self._last_time

    def publish(self, machine: Machine, action: str, exit_code: int | None = None) -> None:
        c = machine.container
        event = RuntimeEvent(self.stamp(), action, c.id, c.service, c.instance, exit_code)
        self._remembered[machine.request.project].append(event)
        for queue in self._listeners[machine.request.project]:
            queue.put_nowait(event)

    def bind_ports(self, request: ContainerRequest) -> dict[str, str]:
        """Where each named port is published. Raises PortInUse."""
        used = {address for m in self.machines.values() for address in m.container.ports.values()}
        bound: dict[str, str] = {}
        for port in request.ports:
            number = port.published or next(self._host_ports)
            holder = self.taken_ports.get(number, "another program" if f"127.0.0.1:{number}" in used else "")
            if holder:
                raise PortInUse(
                    f"Port {number} of 127.0.0.1 is taken by {holder}.", hint="Set another `published:` port."
                )
            bound[port.name] = f"127.0.0.1:{number}"
        return bound

    # -- ports.Runtime

    async def info(self) -> RuntimeInfo:
        await self.answer()
        return RuntimeInfo("fake", "1.0", "memory://")

    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        await self.answer()
        self.calls.append(f"find {service or project}")
        return tuple(
            _as_listed(c) for c in (self._of(project) if project else self.containers()) if service in ("", c.service)
        )

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        await self.answer()
        self.calls.append(f"observe {project}")
        return Observed(
            project,
            self._of(project),
            self.networks.of(project) if self.networks else (),
            self.volumes.of(project) if self.volumes else (),
            {one: self.present[one] for one in images if one in self.present} if self.images else {},
        )

    async def logs(
        self,
        container: Container,
        *,
        since: float | None,
        tail: int | None,
        follow: bool,
        searches: Sequence[Search] = (),
    ) -> AsyncIterator[LogLine]:
        await self.answer()
        machine = self.machine(container.id)
        self.calls.append(f"logs {container.instance_id}")
        async for line in machine.read(since, tail, follow):
            yield line

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        queue: asyncio.Queue[RuntimeEvent | None] = asyncio.Queue()
        self._listeners[project].append(queue)
        return self._events(project, queue)

    async def _events(self, project: str, queue: asyncio.Queue[RuntimeEvent | None]) -> AsyncIterator[RuntimeEvent]:
        try:
            await self.answer()
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners[project].remove(queue)

    async def past_events(self, project: str) -> Sequence[RuntimeEvent]:
        await self.answer()
        return tuple(self._remembered[project])

    async def last_lines(self, containers: Sequence[Container], most: int) -> Sequence[LogLine]:
        await self.answer()
        machines = [self.machines[container.id] for container in containers if container.id in self.machines]
        self.calls += [f"last_lines {machine.container.instance_id}" for machine in machines]
        lines = [line for machine in machines async for line in machine.read(None, most, False)]
        return sorted(lines, key=lambda line: line.time)

    async def close(self) -> None:
        self.closed = True
        for machine in self.machines.values():
            machine.forget_future()

    # -- inside

    async def answer(self) -> None:
        await asyncio.sleep(0)
        if not self.up:
            raise RuntimeUnavailable("no container engine answers", hint="Start it.")

    @asynccontextmanager
    async def change(self, operation: str, target: str) -> AsyncIterator[None]:
        """One call that changes something: counted, delayed, held or failed as the test asked."""
        await self.answer()
        self.calls.append(f"{operation} {target}")
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            if operation in self.seconds:
                await self.clock.sleep(self.seconds[operation])
            if (operation, target) in self.hold:
                await self.hold[operation, target].wait()
            if (operation, target) in self.fail:
                raise self.fail[operation, target]
            yield
        finally:
            self._busy -= 1

    @asynccontextmanager
    async def change_of(self, operation: str, container_id: str) -> AsyncIterator[Machine]:
        target = self.machines[container_id].container.instance_id if container_id in self.machines else container_id
        async with self.change(operation, target):
            yield self.machine(container_id)

    def _of(self, project: str) -> tuple[Container, ...]:
        return tuple(c for c in self.containers() if self.machines[c.id].request.project == project)

    def machine(self, container_id: str) -> Machine:
        machine = self.machines.get(container_id)
        if machine is None:
            raise NotFound(f"No such container: {container_id}.")
        return machine

    def make(self, request: ContainerRequest) -> Machine:
        """One more instance, created."""
        image = self.present.get(request.image, "") if self.images else ""
        machine = Machine(self, f"{next(self.numbers):012x}", request, image)
        self.machines[machine.container.id] = machine
        return machine

    def seed(self, request: ContainerRequest, *, started: bool = True, **changes: object) -> Container:
        """A container that was there before the test; unknown networks and volumes come with it."""
        if self.networks:
            self.networks.owners |= dict.fromkeys(request.networks, request.project)
        if self.volumes:
            mounted = (mount.source for mount in request.mounts if mount.type == "volume")
            self.volumes.owners |= dict.fromkeys(mounted, request.project)
        self.present.setdefault(request.image, image_id(request.image))
        machine = self.make(request)
        if started:
            machine.start()
        machine.container = replace(machine.container, **changes)  # type: ignore[arg-type]
        return machine.container


def _as_listed(container: Container) -> Container:
    """What a list of containers tells, which is nothing of their runs."""
    return replace(
        container,
        exit_code=None,
        oom_killed=False,
        error="",
        restarts=0,
        started_at=None,
        finished_at=None,
    )
