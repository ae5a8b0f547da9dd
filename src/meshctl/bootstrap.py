"""Composition root: the only module that names concrete adapters. Each is imported when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshctl.engine.calls.traced import LiveCalls
    from meshctl.engine.mesh import Mesh
    from meshctl.engine.session import MeshSession
    from meshctl.engine.traces import LiveTraces
    from meshctl.model.calls import CallRequest
    from meshctl.model.config import MeshConfig
    from meshctl.model.containers import Container
    from meshctl.model.recording import Recording
    from meshctl.ports.calls import Caller
    from meshctl.ports.registry import KeyValue
    from meshctl.ports.runtime import Runtime


def open_runtime() -> Runtime:
    """The runtime that the environment names. Connects on first use."""
    from meshctl.adapters.docker.runtime import DockerRuntime

    return DockerRuntime()


def find_containers(project: str = "") -> Sequence[Container]:
    """The containers of a project, of every one for ''. Raises RuntimeUnavailable."""
    from meshctl.adapters.docker.reader import ContainerReader

    return ContainerReader().find(project)


def open_mesh(config: MeshConfig) -> Mesh:
    """Everything the engine room needs, on real adapters."""
    from meshctl.adapters.collector import HttpCollectors
    from meshctl.adapters.consul.watch import ConsulRegistry
    from meshctl.adapters.host import SystemClock
    from meshctl.adapters.journal import FileJournal, project_folder
    from meshctl.adapters.probe.prober import NetworkProber
    from meshctl.adapters.turns import FileTurns
    from meshctl.engine.mesh import Mesh

    runtime = open_runtime()
    prober = NetworkProber(runtime.exec.run if runtime.exec else None)
    folder = project_folder(config.name, runtime.address)
    journal, turns = FileJournal(folder), FileTurns(folder)
    return Mesh(config, runtime, ConsulRegistry, prober, SystemClock(), HttpCollectors(), journal, turns)


def open_session(config: MeshConfig) -> MeshSession:
    """What a front end has of a mesh that runs."""
    from meshctl.adapters.consul.catalog import ConsulReader
    from meshctl.engine.live import LiveSession

    return LiveSession(open_mesh(config), ConsulReader, caller_for)


def connect_key_value(address: str) -> KeyValue:
    """The ``KeyValueConnector`` of Consul."""
    from meshctl.adapters.consul.kv import ConsulKeyValue

    return ConsulKeyValue(address)


def open_recording(recording: Recording) -> MeshSession:
    """The same of a mesh that was recorded."""
    from meshctl.adapters.otlp.encode import request_json
    from meshctl.engine.recorded import RecordedSession

    return RecordedSession(recording, request_json)


@dataclass(eq=False, repr=False)
class ColdSession:
    """Calls and traces of one project, for a command without an event loop."""

    calls: LiveCalls

    @cached_property
    def traces(self) -> LiveTraces:
        """Loaded when it is first asked for."""
        from meshctl.engine.traces import LiveTraces

        calls = self.calls
        return LiveTraces(calls.directory, calls.collectors, calls.find_lines, calls.offload)


def open_cold_session(config: MeshConfig) -> ColdSession:
    """Calls and traces for a command that has no event loop, on the standard library alone."""
    from meshctl.adapters.collector import HttpCollectors
    from meshctl.adapters.consul.catalog import ConsulReader
    from meshctl.adapters.docker.reader import ColdRuntime
    from meshctl.blocking import in_place
    from meshctl.engine.calls.directory import ServiceDirectory
    from meshctl.engine.calls.traced import LiveCalls

    runtime = ColdRuntime(config.name)
    directory = ServiceDirectory(config, runtime.find, ConsulReader, in_place)
    return ColdSession(LiveCalls(directory, caller_for, HttpCollectors(), runtime.find_lines, in_place))


def port_is_free(host: str, port: int) -> bool:
    """Whether something could listen on this port of this machine now."""
    from meshctl.adapters import host as machine

    return machine.port_is_free(host, port)


def caller_for(request: CallRequest) -> Caller:
    """What speaks the request's protocol; gRPC is loaded only for gRPC."""
    if request.method:
        from meshctl.adapters.http import HttpCaller

        return HttpCaller()
    from meshctl.adapters.grpc.caller import GrpcCaller

    return GrpcCaller()
