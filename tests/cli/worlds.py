"""A world for commands: a fake engine and registry, and senders that answer as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from meshctl.engine.call import Directory, Send
from meshctl.engine.collector import OTLP, QUERY, collector_address
from meshctl.engine.live import DirectoryCalls, LiveSession
from meshctl.engine.mesh import Mesh
from meshctl.engine.session import MeshSession
from meshctl.model.calls import CallReply, CallRequest, Endpoint
from meshctl.model.config import MeshConfig
from meshctl.model.registry import Registration
from meshctl.ports.runtime import Runtime
from meshctl.ports.telemetry import Collectors, TraceReader, TraceSender
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

    def open_mesh(self, config: MeshConfig) -> Mesh:
        return replace(self.stage.mesh, config=config)

    def open_session(self, config: MeshConfig) -> MeshSession:
        return LiveSession(self.open_mesh(config), DirectoryCalls(self.open_directory(config), self.sender_for))

    def open_directory(self, config: MeshConfig) -> Directory:
        return Directory(config, self.stage.engine.containers, lambda _: FakeReader(self.stage.registry))

    def open_collectors(self) -> Collectors:
        return self.stage.collector

    def open_traces(self, config: MeshConfig) -> TraceReader:
        return self.stage.collector.reader(collector_address(config, self.stage.engine.containers(), QUERY))

    def open_sender(self, config: MeshConfig) -> TraceSender:
        return self.stage.collector.sender(collector_address(config, self.stage.engine.containers(), OTLP))

    def port_is_free(self, host: str, port: int) -> bool:
        return port not in self.taken

    def sender_for(self, request: CallRequest) -> Send:
        def send(endpoint: Endpoint, request: CallRequest) -> CallReply:
            self.sent.append((endpoint.instance, request))
            return self.answer(endpoint, request)

        return send
