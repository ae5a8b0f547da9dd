"""What the engine needs of a runtime: the thing that runs the services. Adapters implement it; tests fake it.

A runtime is made of small groups. Every one looks, has instances and streams; ``images``, ``networks`` and the like
are None where there is no such thing, and plans hold no operation of them (``capabilities``).

| runtime   | an instance is         | groups that it has                                       |
|-----------|------------------------|----------------------------------------------------------|
| `docker`  | a container            | all; Podman too, which speaks the same API               |
| `swarm`   | a task of a service    | networks, volumes: the same API, but instances may be on |
|           |                        | other machines, which pull for themselves                |
| `process` | a child process        | pausing, stats, exec: nothing to pull or to connect      |

`docker` is here. In `swarm` the ``Container`` that is seen is a task, its ``instance`` the task's slot, and ``find``
and ``observe`` list tasks; ``create`` writes the service or raises its replicas by one, ``start`` and ``stop`` set
the replicas wanted, ``remove`` of the last slot removes the service.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from meshctl.model.config import BuildSpec
from meshctl.model.containers import (
    Capability,
    Container,
    ContainerRequest,
    ExecResult,
    LogLine,
    Observed,
    ResourceSample,
    Room,
    RuntimeEvent,
    RuntimeInfo,
)

#: Hears how far it is: what is done now, and the fraction that is done or None.
Tell = Callable[[str, float | None], None]
#: Whether what is looked for is in this text.
Search = Callable[[str], bool]


class Lookup(Protocol):
    """Who answers, and what there is of a project."""

    async def info(self) -> RuntimeInfo: ...
    async def find(self, project: str, service: str = "") -> tuple[Container, ...]:
        """Containers of a project (of every one for ''), or of one service, from one request: state, ports, labels and
        networks.

        Exit codes, restarts and the times of runs are not in there: ``observe`` has them.
        """
        ...

    async def observe(self, project: str, images: Sequence[str] = ()) -> Observed:
        """All that is known of the project's containers, its networks and volumes, and the ids of ``images``."""
        ...


class Streams(Protocol):
    """What comes as it happens, and what is still remembered of it."""

    def logs(
        self,
        container: Container,
        *,
        since: float | None,
        tail: int | None,
        follow: bool,
        searches: Sequence[Search] = (),
    ) -> AsyncIterator[LogLine]:
        """Lines in order. With ``follow`` it ends when the container stops or the runtime goes away.

        Lines that are too long to be kept are cut; ``searches`` are made in the whole of them (``LogLine.hit``).
        """
        ...

    def events(self, project: str) -> AsyncIterator[RuntimeEvent]:
        """Ends (without an error) or raises RuntimeUnavailable when the runtime goes away."""
        ...

    async def past_events(self, project: str) -> Sequence[RuntimeEvent]:
        """As many as the runtime remembers, oldest first; it may have forgotten what happened a minute ago."""
        ...

    async def last_lines(self, containers: Sequence[Container], most: int) -> Sequence[LogLine]:
        """The last ``most`` lines of each, by time; of one that is gone none."""
        ...


class Instances(Protocol):
    """The life of one instance, by its id. All but ``create`` and ``remove`` raise NotFound."""

    async def create(self, request: ContainerRequest) -> str:
        """Return its id, or that of the same instance of the same settings which has its name already.

        Raises ImageUnavailable, OperationFailed (name taken).
        """
        ...

    async def start(self, instance: str) -> None:
        """Raises PortInUse, OperationFailed. Running already: nothing happens."""
        ...

    async def stop(self, instance: str, timeout_s: float) -> None:
        """A paused one too; it is killed after ``timeout_s``. Not running: nothing happens."""
        ...

    async def remove(self, instance: str) -> None:
        """Force; already gone: nothing happens."""
        ...


class Pausing(Protocol):
    """Freezes instances. Both raise NotFound; what is so already stays so."""

    async def pause(self, instance: str) -> None:
        """Raises OperationFailed when it does not run."""
        ...

    async def unpause(self, instance: str) -> None: ...


class Images(Protocol):
    """What instances are made of. Both return the image id and raise ImageUnavailable (build: of its base)."""

    async def pull(self, reference: str, tell: Tell) -> str: ...
    async def build(self, build: BuildSpec, tag: str, tell: Tell) -> str:
        """Build and tag. Raises BuildFailed with the end of the output, ConfigError without a Dockerfile or context."""
        ...


class Resources(Protocol):
    """Networks or volumes of a project, by the runtime's full name (``shop_default``). Both may be repeated."""

    async def create(self, project: str, name: str) -> None:
        """One of that name: the oldest where there are several."""
        ...

    async def remove(self, name: str) -> None:
        """All of that name. Raises OperationFailed when something still uses one."""
        ...


class Volumes(Resources, Protocol):
    """Resources that hold data."""

    async def room(self, containers: Sequence[Container], *, ask: bool) -> Mapping[str, tuple[Room, ...]]:
        """What is left on the mounts that these running instances write to, by container id.

        Those whose mounts this process cannot see are missing, or with ``ask`` asked by a command inside.
        """
        ...


class Stats(Protocol):
    """What instances use."""

    def follow(self, instance: str) -> AsyncIterator[ResourceSample]:
        """About one sample a second while it runs; a slow reader gets the newest."""
        ...


class Exec(Protocol):
    """Commands inside an instance. Both raise NotFound, and OperationFailed when it does not run."""

    async def run(self, instance: str, command: Sequence[str], timeout_s: float) -> ExecResult:
        """Raises DeadlineExceeded when the command runs longer: it is ended inside, with all that it has started.

        So it is when this is cancelled. What cannot be ended is left, and while it runs CommandLeft is raised.
        """
        ...

    async def attach(self, instance: str, command: Sequence[str], *, tty: bool) -> int:
        """Run with this process's stdin, stdout and stderr; return the exit code. Raises CannotRun."""
        ...


class Runtime(Lookup, Streams, Protocol):
    """A runtime. Every method of it and of its groups raises RuntimeUnavailable when none answers."""

    @property
    def address(self) -> str:
        """Where it is (``unix:///var/run/docker.sock``), whether or not it answers."""
        ...

    @property
    def instances(self) -> Instances: ...
    @property
    def pausing(self) -> Pausing | None: ...
    @property
    def images(self) -> Images | None: ...
    @property
    def networks(self) -> Resources | None: ...
    @property
    def volumes(self) -> Volumes | None: ...
    @property
    def stats(self) -> Stats | None: ...
    @property
    def exec(self) -> Exec | None: ...
    async def close(self) -> None: ...


def capabilities(runtime: Runtime) -> frozenset[Capability]:
    """Of the groups that not every runtime has, those that this one has."""
    groups = {
        Capability.PAUSING: runtime.pausing,
        Capability.IMAGES: runtime.images,
        Capability.NETWORKS: runtime.networks,
        Capability.VOLUMES: runtime.volumes,
        Capability.STATS: runtime.stats,
        Capability.EXEC: runtime.exec,
    }
    return frozenset(capability for capability, group in groups.items() if group is not None)
