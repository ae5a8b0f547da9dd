"""The groups of the fake runtime: what each call does to its machines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from meshctl.errors import BuildFailed, DeadlineExceeded, ImageUnavailable, OperationFailed
from meshctl.model.config import BuildSpec
from meshctl.model.containers import (
    LABEL_CONFIG_HASH,
    Container,
    ContainerRequest,
    ContainerState,
    ExecResult,
    ResourceSample,
    Room,
)
from meshctl.ports.runtime import Tell
from tests.builders import image_id
from tests.fakes.machine import ALIVE

if TYPE_CHECKING:
    from tests.fakes.containers import FakeEngine

_UP = ContainerState.RUNNING


class FakeInstances:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def create(self, request: ContainerRequest) -> str:
        engine = self._engine
        async with engine.change("create", f"{request.service}-{request.instance}"):
            if engine.images and request.image not in engine.present:
                raise ImageUnavailable(f"Image {request.image} is not here.")
            for machine in engine.machines.values():
                if machine.container.name != request.name:
                    continue
                if _identity(machine.request) == _identity(request):
                    return machine.container.id
                raise OperationFailed(f"The name {request.name} is taken by another container.")
            missing = [n for n in request.networks if engine.networks and n not in engine.networks.owners]
            if missing:
                raise OperationFailed(f"Network {missing[0]} not found.")
            machine = engine.make(request)
            engine.publish(machine, "create")
            return machine.container.id

    async def start(self, instance: str) -> None:
        networks = self._engine.networks
        async with self._engine.change_of("start", instance) as machine:
            doubled = networks.doubled.intersection(machine.request.networks) if networks else ()
            if doubled:
                raise OperationFailed(f"network {doubled.pop()} is ambiguous")
            machine.start()

    async def stop(self, instance: str, timeout_s: float) -> None:
        async with self._engine.change_of("stop", instance) as machine:
            machine.stop()

    async def remove(self, instance: str) -> None:
        engine = self._engine
        machine = engine.machines.get(instance)
        async with engine.change("remove", machine.container.instance_id if machine else instance):
            if machine is not None and instance in engine.machines:
                machine.kill()
                del engine.machines[instance]
                engine.publish(machine, "destroy")


def _identity(request: ContainerRequest) -> tuple[str, str, int, str]:
    return request.project, request.service, request.instance, request.labels.get(LABEL_CONFIG_HASH, "")


class FakePausing:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def pause(self, instance: str) -> None:
        async with self._engine.change_of("pause", instance) as machine:
            if machine.container.state not in (_UP, ContainerState.PAUSED):
                raise OperationFailed(f"Container {machine.container.name} is not running.")
            machine.set_paused(True)

    async def unpause(self, instance: str) -> None:
        async with self._engine.change_of("unpause", instance) as machine:
            if machine.container.state is ContainerState.PAUSED:
                machine.set_paused(False)


class FakeImages:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def pull(self, reference: str, tell: Tell) -> str:
        async with self._engine.change("pull", reference):
            tell("Downloading", 0.5)
            if reference not in self._engine.pullable:
                raise ImageUnavailable(f"Image {reference} cannot be pulled: not found.", hint="Check its name.")
            return self._engine.present.setdefault(reference, image_id(reference))

    async def build(self, build: BuildSpec, tag: str, tell: Tell) -> str:
        async with self._engine.change("build", tag):
            tell("Step 1/2: FROM base", 0.0)
            if tag in self._engine.unbuildable:
                raise BuildFailed(f"Image {tag} cannot be built: exit 1.", log=("Step 1/2", "boom"))
            self._engine.present[tag] = f"sha256:built-{next(self._engine.numbers)}"
            return self._engine.present[tag]


class FakeResources:
    """Networks or volumes: their names and the projects that own them; of names in ``doubled`` there are two."""

    def __init__(self, engine: FakeEngine, what: str) -> None:
        self._engine = engine
        self._what = what
        self.owners: dict[str, str] = {}
        self.doubled: set[str] = set()

    def of(self, project: str) -> tuple[str, ...]:
        names = [name for name, owner in self.owners.items() if owner == project]
        return tuple(sorted([*names, *self.doubled.intersection(names)]))

    async def create(self, project: str, name: str) -> None:
        async with self._engine.change(f"create_{self._what}", name):
            self.owners.setdefault(name, project)
            self.doubled.discard(name)

    async def remove(self, name: str) -> None:
        async with self._engine.change(f"remove_{self._what}", name):
            requests = [machine.request for machine in self._engine.machines.values()]
            if any(name in (*r.networks, *(mount.source for mount in r.mounts)) for r in requests):
                raise OperationFailed(f"{self._what} {name} is in use.")
            self.owners.pop(name, None)
            self.doubled.discard(name)


class FakeVolumes(FakeResources):
    """``rooms`` by instance id is what is left; of the others nothing can be seen."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__(engine, "volume")
        self.rooms: dict[str, tuple[Room, ...]] = {}
        self.asked: list[str] = []

    async def room(self, containers: Sequence[Container], *, ask: bool) -> Mapping[str, tuple[Room, ...]]:
        await self._engine.answer()
        if ask:
            self.asked += [container.instance_id for container in containers]
        return {one.id: self.rooms[one.instance_id] for one in containers if one.instance_id in self.rooms}


class FakeStats:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def follow(self, instance: str) -> AsyncIterator[ResourceSample]:
        await self._engine.answer()
        machine = self._engine.machine(instance)
        while machine.container.state in ALIVE:
            await self._engine.clock.sleep(1.0)
            usage = self._engine.behaviour(machine.request.service)
            yield ResourceSample(instance, self._engine.stamp(), usage.cpu, usage.memory, machine.request.mem_limit)


class FakeExec:
    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def run(self, instance: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        await self._engine.answer()
        machine = self._engine.machine(instance)
        self._engine.calls.append(f"exec {machine.container.instance_id}")
        if machine.container.state is not _UP:
            raise OperationFailed(f"Container {machine.container.name} is not running.")
        took, result = self._engine.behaviour(machine.request.service).exec(tuple(command))
        if took > timeout_s:
            await self._engine.clock.sleep(timeout_s)
            raise DeadlineExceeded(f"{command[0]} did not end within {timeout_s:g} s.")
        return result

    async def attach(self, instance: str, command: Sequence[str], *, tty: bool) -> int:
        return (await self.run(instance, command, float("inf"))).exit_code
