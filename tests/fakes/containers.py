"""A container engine in memory that keeps the promises of ports.Runtime."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from meshctl.errors import DeadlineExceeded, ImageUnavailable, NotFound, OperationFailed, PortInUse, RuntimeUnavailable
from meshctl.model.config import BuildSpec
from meshctl.model.containers import (
    Container,
    ContainerRequest,
    ContainerState,
    ExecResult,
    LogLine,
    Observed,
    ResourceSample,
    RuntimeEvent,
    RuntimeInfo,
)
from meshctl.ports.world import Clock
from tests.builders import image_id
from tests.fakes.machine import ALIVE, Behaviour, Death, Machine

__all__ = ["Behaviour", "Death", "FakeEngine"]

Tell = Callable[[str, float | None], None]
_UP = ContainerState.RUNNING


class FakeEngine:
    """One engine. ``images`` are here, ``pullable`` can be fetched, all that has a build can be built.

    ``fail`` maps ``(operation, target)``, such as ``("start", "users-1")``, to the error that call raises.
    ``hold`` maps the same to an event that the call waits for. ``calls`` lists what was asked, in order;
    ``busiest`` is the most changing calls that were under way at once.
    """

    def __init__(self, clock: Clock, images: Sequence[str] = (), pullable: Sequence[str] = ()) -> None:
        self.clock = clock
        self.images = {reference: image_id(reference) for reference in images}
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
        self._machines: dict[str, Machine] = {}
        self._networks: dict[str, str] = {}
        self._volumes: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._host_ports = itertools.count(49153)
        self._last_time = 0.0
        self._listeners: dict[str, list[asyncio.Queue[RuntimeEvent | None]]] = defaultdict(list)

    # -- what a test looks at and turns

    def behaviour(self, service: str) -> Behaviour:
        return self.behaviours.get(service, Behaviour())

    def containers(self) -> tuple[Container, ...]:
        found = (machine.container for machine in self._machines.values())
        return tuple(sorted(found, key=lambda c: (c.service, c.instance, c.name)))

    def get(self, instance_id: str) -> Container:
        (found,) = (c for c in self.containers() if c.instance_id == instance_id)
        return found

    def states(self) -> dict[str, str]:
        return {c.instance_id: c.state.value for c in self.containers()}

    def requested(self, instance_id: str) -> ContainerRequest:
        return self._machines[self.get(instance_id).id].request

    def uptime(self, container_id: str) -> float | None:
        """Seconds since the start, None while it does not run."""
        machine = self._machines.get(container_id)
        if machine is None or machine.container.state is not _UP:
            return None
        return max(0.0, self.clock.now() - (machine.container.started_at or 0.0))

    def write(self, instance_id: str, *texts: str, stream: str = "stdout") -> None:
        """Lines from inside the container."""
        self._machines[self.get(instance_id).id].write(texts, stream)

    def die(self, instance_id: str, exit_code: int, *, oom: bool = False) -> None:
        """The main process ends; the restart policy decides what follows."""
        self._machines[self.get(instance_id).id].die(Death(0.0, exit_code, oom))

    def go_away(self) -> None:
        """No answers any more; streams end."""
        self.up = False
        for queues in self._listeners.values():
            for queue in queues:
                queue.put_nowait(None)
        for machine in self._machines.values():
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
        for queue in self._listeners[machine.request.project]:
            queue.put_nowait(event)

    def bind_ports(self, request: ContainerRequest) -> dict[str, str]:
        """Where each named port is published. Raises PortInUse."""
        used = {address for m in self._machines.values() for address in m.container.ports.values()}
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
        await self._answer()
        return RuntimeInfo("fake", "1.0", "memory://")

    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        await self._answer()
        self.calls.append(f"find {service or project}")
        return tuple(_as_listed(c) for c in self._of(project) if service in ("", c.service))

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        await self._answer()
        self.calls.append(f"observe {project}")
        return Observed(
            project,
            self._of(project),
            tuple(sorted(name for name, owner in self._networks.items() if owner == project)),
            tuple(sorted(name for name, owner in self._volumes.items() if owner == project)),
            {reference: self.images[reference] for reference in images if reference in self.images},
        )

    async def pull_image(self, reference: str, tell: Tell) -> str:
        async with self._change("pull", reference):
            tell("Downloading", 0.5)
            if reference not in self.pullable:
                raise ImageUnavailable(f"Image {reference} cannot be pulled: not found.", hint="Check its name.")
            return self.images.setdefault(reference, image_id(reference))

    async def build_image(self, build: BuildSpec, tag: str, tell: Tell) -> str:
        async with self._change("build", tag):
            tell("Step 1/2: FROM base", 0.0)
            if tag in self.unbuildable:
                raise ImageUnavailable(f"Image {tag} cannot be built: exit 1.", log=("Step 1/2", "boom"))
            self.images[tag] = f"sha256:built-{next(self._numbers)}"
            return self.images[tag]

    async def create_network(self, project: str, name: str) -> None:
        async with self._change("create_network", name):
            self._networks.setdefault(name, project)

    async def remove_network(self, name: str) -> None:
        async with self._change("remove_network", name):
            if any(name in m.request.networks for m in self._machines.values()):
                raise OperationFailed(f"Network {name} has active endpoints.")
            self._networks.pop(name, None)

    async def create_volume(self, project: str, name: str) -> None:
        async with self._change("create_volume", name):
            self._volumes.setdefault(name, project)

    async def remove_volume(self, name: str) -> None:
        async with self._change("remove_volume", name):
            if any(mount.source == name for m in self._machines.values() for mount in m.request.mounts):
                raise OperationFailed(f"Volume {name} is in use.")
            self._volumes.pop(name, None)

    async def create_container(self, request: ContainerRequest) -> str:
        async with self._change("create", f"{request.service}-{request.instance}"):
            if request.image not in self.images:
                raise ImageUnavailable(f"Image {request.image} is not here.")
            if any(m.container.name == request.name for m in self._machines.values()):
                raise OperationFailed(f"The name {request.name} is taken by another container.")
            missing = [name for name in request.networks if name not in self._networks]
            if missing:
                raise OperationFailed(f"Network {missing[0]} not found.")
            machine = Machine(self, f"{next(self._numbers):012x}", request, self.images[request.image])
            self._machines[machine.container.id] = machine
            self.publish(machine, "create")
            return machine.container.id

    async def start_container(self, container_id: str) -> None:
        async with self._change_of("start", container_id) as machine:
            machine.start()

    async def stop_container(self, container_id: str, timeout_s: float) -> None:
        async with self._change_of("stop", container_id) as machine:
            machine.stop()

    async def restart_container(self, container_id: str, timeout_s: float) -> None:
        async with self._change_of("restart", container_id) as machine:
            machine.stop()
            machine.start()
            self.publish(machine, "restart")

    async def pause_container(self, container_id: str) -> None:
        async with self._change_of("pause", container_id) as machine:
            if machine.container.state not in (_UP, ContainerState.PAUSED):
                raise OperationFailed(f"Container {machine.container.name} is not running.")
            machine.set_paused(True)

    async def unpause_container(self, container_id: str) -> None:
        async with self._change_of("unpause", container_id) as machine:
            if machine.container.state is ContainerState.PAUSED:
                machine.set_paused(False)

    async def remove_container(self, container_id: str) -> None:
        machine = self._machines.get(container_id)
        async with self._change("remove", machine.container.instance_id if machine else container_id):
            if machine is not None and container_id in self._machines:
                machine.kill()
                del self._machines[container_id]
                self.publish(machine, "destroy")

    async def exec(self, container_id: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        await self._answer()
        machine = self._machine(container_id)
        self.calls.append(f"exec {machine.container.instance_id}")
        if machine.container.state is not _UP:
            raise OperationFailed(f"Container {machine.container.name} is not running.")
        took, result = self.behaviour(machine.request.service).exec(tuple(command))
        if took > timeout_s:
            await self.clock.sleep(timeout_s)
            raise DeadlineExceeded(f"{command[0]} did not end within {timeout_s:g} s.")
        return result

    async def exec_attached(self, container_id: str, command: Sequence[str], *, tty: bool) -> int:
        return (await self.exec(container_id, command, float("inf"))).exit_code

    async def logs(
        self, container: Container, *, since: float | None, tail: int | None, follow: bool
    ) -> AsyncIterator[LogLine]:
        await self._answer()
        machine = self._machine(container.id)
        self.calls.append(f"logs {container.instance_id}")
        async for line in machine.read(since, tail, follow):
            yield line

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        queue: asyncio.Queue[RuntimeEvent | None] = asyncio.Queue()
        self._listeners[project].append(queue)
        return self._events(project, queue)

    async def _events(self, project: str, queue: asyncio.Queue[RuntimeEvent | None]) -> AsyncIterator[RuntimeEvent]:
        try:
            await self._answer()
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners[project].remove(queue)

    async def stats(self, container_id: str) -> AsyncIterator[ResourceSample]:
        await self._answer()
        machine = self._machine(container_id)
        while machine.container.state in ALIVE:
            await self.clock.sleep(1.0)
            usage = self.behaviour(machine.request.service)
            yield ResourceSample(container_id, self.stamp(), usage.cpu, usage.memory, machine.request.mem_limit)

    async def close(self) -> None:
        self.closed = True
        for machine in self._machines.values():
            machine.forget_future()

    # -- inside

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if not self.up:
            raise RuntimeUnavailable("no container engine answers", hint="Start it.")

    @asynccontextmanager
    async def _change(self, operation: str, target: str) -> AsyncIterator[None]:
        """One call that changes something: counted, delayed, held or failed as the test asked."""
        await self._answer()
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
    async def _change_of(self, operation: str, container_id: str) -> AsyncIterator[Machine]:
        target = self._machines[container_id].container.instance_id if container_id in self._machines else container_id
        async with self._change(operation, target):
            yield self._machine(container_id)

    def _of(self, project: str) -> tuple[Container, ...]:
        return tuple(c for c in self.containers() if self._machines[c.id].request.project == project)

    def _machine(self, container_id: str) -> Machine:
        machine = self._machines.get(container_id)
        if machine is None:
            raise NotFound(f"No such container: {container_id}.")
        return machine

    def seed(self, request: ContainerRequest, *, started: bool = True, **changes: object) -> Container:
        """A container that was there before the test; unknown networks and volumes come with it."""
        for network in request.networks:
            self._networks.setdefault(network, request.project)
        for mount in request.mounts:
            if mount.type == "volume":
                self._volumes.setdefault(mount.source, request.project)
        self.images.setdefault(request.image, image_id(request.image))
        machine = Machine(self, f"{next(self._numbers):012x}", request, self.images[request.image])
        self._machines[machine.container.id] = machine
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
