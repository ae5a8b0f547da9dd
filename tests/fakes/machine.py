"""One container of the fake engine: its state, its scripted life and what it writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from meshctl.model import containers as labels
from meshctl.model.config import RestartPolicy
from meshctl.model.containers import Container, ContainerRequest, ContainerState, ExecResult, LogLine
from meshctl.model.registry import CheckStatus
from meshctl.ports.world import Clock

ALIVE = (ContainerState.RUNNING, ContainerState.PAUSED)
_KEPT = (RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)
_FIRST_BACKOFF_S = 0.1
_MOST_BACKOFF_S = 60.0


@dataclass(frozen=True, slots=True)
class Death:
    """The main process ends ``after_s`` seconds after its start."""

    after_s: float
    exit_code: int = 1
    oom: bool = False


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the instances of a service live. ``ready_after_s`` and ``registers_after_s`` None: never.

    The first start dies the first of ``deaths``, and so on; with ``always`` the last one repeats.
    """

    ready_after_s: float | None = 0.0
    registers_after_s: float | None = 0.0
    check: CheckStatus = CheckStatus.PASSING
    check_output: str = ""
    detail: str = "connection refused"
    deaths: tuple[Death, ...] = ()
    always: bool = False
    lines: tuple[str, ...] = ()
    cpu: float = 0.05
    memory: int = 64 * 2**20
    exec: Callable[[tuple[str, ...]], tuple[float, ExecResult]] = lambda _: (0.0, ExecResult(0, ""))


class Host(Protocol):
    """What a machine needs of the engine it lives on."""

    clock: Clock

    def behaviour(self, service: str) -> Behaviour: ...
    def stamp(self) -> float: ...
    def publish(self, machine: Machine, action: str, exit_code: int | None = None) -> None: ...
    def bind_ports(self, request: ContainerRequest) -> dict[str, str]: ...


class Machine:
    """Starts, dies and restarts as an engine would make it; time is the host's clock."""

    def __init__(self, host: Host, container_id: str, request: ContainerRequest, image: str) -> None:
        self._host = host
        self.request = request
        self.container = _created(container_id, request, image, host.stamp())
        self._starts = 0
        self._lines: list[LogLine] = []
        self._grown = asyncio.Event()
        self._future: asyncio.Task[None] | None = None

    # -- life

    def start(self) -> None:
        """By a person's wish: the count of restarts begins anew. Raises PortInUse."""
        if self.container.state in ALIVE:
            return
        bound = self._host.bind_ports(self.request)
        self.forget_future()
        self._begin(bound, 0)

    def stop(self) -> None:
        """By a person's wish: no policy brings it back."""
        self.forget_future()
        if self.container.state in ALIVE:
            self._host.publish(self, "kill")
            self._end(Death(0.0, 143), ContainerState.EXITED)
            self._host.publish(self, "stop")
        elif self.container.state is ContainerState.RESTARTING:
            self._set(state=ContainerState.EXITED)

    def kill(self) -> None:
        self.forget_future()
        if self.container.state in ALIVE:
            self._host.publish(self, "kill")
            self._end(Death(0.0, 137), ContainerState.EXITED)
        self.cut_readers()

    def die(self, death: Death) -> None:
        """The process ends by itself; the policy decides whether it comes back."""
        restarts = self.container.restarts
        if not self._comes_back(death, restarts):
            self._end(death, ContainerState.EXITED)
            return
        self._set(restarts=restarts + 1)
        self._end(death, ContainerState.RESTARTING)
        self.forget_future()
        self._future = asyncio.get_running_loop().create_task(self._come_back(restarts))

    def set_paused(self, paused: bool) -> None:
        state = ContainerState.PAUSED if paused else ContainerState.RUNNING
        if self.container.state is not state:
            self._set(state=state)
            self._host.publish(self, "pause" if paused else "unpause")

    def forget_future(self) -> None:
        """Nothing that was going to happen to it happens."""
        if self._future is not None and self._future is not asyncio.current_task():
            self._future.cancel()
        self._future = None

    def _begin(self, bound: dict[str, str], restarts: int) -> None:
        self._starts += 1
        self._set(
            state=ContainerState.RUNNING,
            started_at=self._host.stamp(),
            finished_at=None,
            exit_code=None,
            oom_killed=False,
            restarts=restarts,
            ports=bound,
        )
        self._host.publish(self, "start")
        behaviour = self._host.behaviour(self.request.service)
        self.write(behaviour.lines)
        death = _nth(behaviour, self._starts)
        if death is not None:
            self._future = asyncio.get_running_loop().create_task(self._live(death))

    async def _live(self, death: Death) -> None:
        await self._host.clock.sleep(death.after_s)
        self.die(death)

    async def _come_back(self, restarts: int) -> None:
        await self._host.clock.sleep(min(_FIRST_BACKOFF_S * 2**restarts, _MOST_BACKOFF_S))
        self._begin(self._host.bind_ports(self.request), restarts + 1)

    def _comes_back(self, death: Death, restarts: int) -> bool:
        if self.request.restart in _KEPT:
            return True
        allowed = self.request.restart_max == 0 or restarts < self.request.restart_max
        return self.request.restart is RestartPolicy.ON_FAILURE and death.exit_code != 0 and allowed

    def _end(self, death: Death, state: ContainerState) -> None:
        self._set(
            state=state,
            exit_code=death.exit_code,
            oom_killed=death.oom,
            finished_at=self._host.stamp(),
            ports={},
        )
        if death.oom:
            self._host.publish(self, "oom")
        self._host.publish(self, "die", death.exit_code)
        self.cut_readers()

    def _set(self, **changes: object) -> None:
        self.container = replace(self.container, **changes)  # type: ignore[arg-type]

    # -- output

    def write(self, texts: Iterable[str], stream: str = "stdout") -> None:
        c = self.container
        for text in texts:
            self._lines.append(LogLine(c.service, c.instance_id, self._host.stamp(), stream, text))
        self.cut_readers()

    def cut_readers(self) -> None:
        """Wake who follows: there is more, or nothing will come."""
        self._grown.set()
        self._grown = asyncio.Event()

    async def read(self, since: float | None, tail: int | None, follow: bool) -> AsyncIterator[LogLine]:
        """The lines kept so far and, with ``follow``, those of this run; ends with it."""
        run = self._starts
        kept = [line for line in self._lines if since is None or line.time >= since]
        position = len(self._lines)
        for line in kept if tail is None else kept[len(kept) - min(tail, len(kept)) :]:
            yield line
        while follow:
            grown = self._grown
            while position < len(self._lines):
                position += 1
                yield self._lines[position - 1]
            if self.container.state not in ALIVE or self._starts != run or not getattr(self._host, "up", True):
                return
            if grown is self._grown:
                await grown.wait()


def _nth(behaviour: Behaviour, start: int) -> Death | None:
    if start <= len(behaviour.deaths):
        return behaviour.deaths[start - 1]
    return behaviour.deaths[-1] if behaviour.always and behaviour.deaths else None


def _created(container_id: str, request: ContainerRequest, image: str, now: float) -> Container:
    ports = json.loads(request.labels.get(labels.LABEL_PORTS, "[]"))
    return Container(
        id=container_id,
        name=request.name,
        service=request.service,
        instance=request.instance,
        state=ContainerState.CREATED,
        image=request.labels.get(labels.LABEL_IMAGE) or request.image,
        image_id=image,
        config_hash=request.labels.get(labels.LABEL_CONFIG_HASH, ""),
        kind=request.labels.get(labels.LABEL_KIND, ""),
        register=request.labels.get(labels.LABEL_REGISTER, ""),
        created_at=now,
        protocols={port["name"]: port["app_protocol"] for port in ports},
        labels={
            **request.labels,
            labels.LABEL_PROJECT: request.project,
            labels.LABEL_SERVICE: request.service,
            labels.LABEL_INSTANCE: str(request.instance),
        },
    )
