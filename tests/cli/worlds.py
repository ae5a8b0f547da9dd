"""A world for commands: a fake engine and registry, and senders that answer as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from meshctl.blocking import in_place
from meshctl.bootstrap import ColdSession
from meshctl.engine import logs
from meshctl.engine.calls.directory import ServiceDirectory
from meshctl.engine.calls.traced import LiveCalls
from meshctl.engine.live import LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import MeshSession
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.config import MeshConfig
from meshctl.model.containers import Container, LogLine
from meshctl.model.registry import Registration
from meshctl.ports.calls import Caller
from meshctl.ports.runtime import Runtime
from tests.fakes.stage import Stage
from tests.fakes.world import FakeRegistry


def greet(endpoint: Endpoint, request: CallRequest) -> CallReply:
    """200 and a small body."""
    body = {"hello": endpoint.instance}
    return CallReply(endpoint.service, endpoint.instance, "http", 200, True, 1.5, {"x-a": "b"}, body, "t1")


@dataclass(frozen=True, slots=True)
class FakeReader:
    """Short blocking reads of a fake registry."""

    registry: FakeRegistry

    def instances(self, service: str) -> tuple[Registration, ...]:
        return tuple(entry for entry in self._all() if entry.service == service)

    def services(self) -> tuple[str, ...]:
        return tuple({entry.service: None for entry in self._all()})

    def _all(self) -> tuple[Registration, ...]:
        return asyncio.run(self.registry.registrations())


@dataclass(slots=True)
class FakeWorld:
    """``answer`` is what every instance says; ``sent`` are the requests it got; ``taken`` are ports of the machine."""

    stage: Stage
    answer: Callable[[Endpoint, CallRequest], CallReply] = greet
    sent: list[tuple[str, CallRequest]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def open_runtime(self) -> Runtime:
        return self.stage.engine

    def find_containers(self, project: str = "") -> Sequence[Container]:
        return asyncio.run(self.stage.engine.find(project))

    def open_mesh(self, config: MeshConfig) -> Mesh:
        return replace(self.stage.mesh, config=config)

    def open_session(self, config: MeshConfig) -> MeshSession:
        return LiveSession(self.open_mesh(config), lambda _: FakeReader(self.stage.registry), self.caller_for)

    def open_cold_session(self, config: MeshConfig) -> ColdSession:
        engine = self.stage.engine

        async def find(service: str) -> Sequence[Container]:
            return asyncio.run(engine.find(config.name, service))

        async def find_lines(containers: Sequence[Container], word: str, since: float, most: int) -> Sequence[LogLine]:
            return asyncio.run(logs.find_lines(self.stage.mesh, containers, word, since, most))

        directory = ServiceDirectory(config, find, lambda _: FakeReader(self.stage.registry), in_place)
        return ColdSession(LiveCalls(directory, self.caller_for, self.stage.collector, find_lines, in_place))

    def port_is_free(self, host: str, port: int) -> bool:
        return port not in self.taken

    def caller_for(self, request: CallRequest) -> Caller:
        return FakeCaller(self)


@dataclass(frozen=True, slots=True)
class FakeCaller:
    """Answers as its world says."""

    world: FakeWorld

    def send(self, endpoint: Endpoint, request: CallRequest) -> CallReply:
        self.world.sent.append((endpoint.instance, request))
        return self.world.answer(endpoint, request)

    def abort(self) -> None:
        raise AssertionError("nobody waits for a command's call")


def header(request: CallRequest) -> str:
    """The one traceparent that was sent."""
    (value,) = (value for name, value in request.headers if name.lower() == "traceparent")
    return value
